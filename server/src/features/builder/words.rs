//! Values that the builder, the renderer and the database have in common, by the words all three have for them.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::api::Error;

/// The value that another type has for the same word, or table of words. Tests hold the types against each other, so a failure
/// is a fault of the program.
///
/// # Errors
/// When the other type has no such value.
pub fn same<To: DeserializeOwned>(value: &impl Serialize) -> Result<To, Error> {
    let json = serde_json::to_value(value).map_err(Error::internal)?;
    serde_json::from_value(json).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use igny8_builder::names::{self, Choice};
    use poem_openapi::types::ToJSON;
    use serde_json::json;

    use super::*;
    use crate::features::content::model::{ContentStructure, ContentType, Layout};
    use crate::features::planner::model::{ClusterRole, ContextType, Intent};
    use crate::features::sites::model::SiteType;
    use crate::features::taxonomy::Taxonomy;

    fn known<From: Choice + Serialize, To: DeserializeOwned + ToJSON>() {
        for &(value, word, _) in From::ALL {
            let to: To = same(&value).unwrap_or_else(|_| panic!("{}: {word}", From::NOUN));
            assert_eq!(to.to_json(), Some(json!(word)), "{}", From::NOUN);
        }
    }

    #[test]
    fn words_are_the_same() {
        known::<names::ContentType, ContentType>();
        known::<names::Structure, ContentStructure>();
        known::<names::Layout, Layout>();
        known::<names::Role, ClusterRole>();
        known::<names::TaxonomyKind, Taxonomy>();
        known::<names::SiteKind, SiteType>();
        for context in [ContextType::Topic, ContextType::Attribute, ContextType::ServiceLine] {
            assert!(same::<names::ContextType>(&context).is_ok());
        }
        for intent in [
            Intent::Informational,
            Intent::Commercial,
            Intent::Transactional,
            Intent::Navigational,
        ] {
            assert!(same::<igny8_planner::cluster::Intent>(&intent).is_ok());
        }
    }
}
