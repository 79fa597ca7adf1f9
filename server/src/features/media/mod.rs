//! Media: images and files of a site.

igny8_data::id_type!(
    /// An uploaded file of a site.
    MediaId, "media", "med_"
);
