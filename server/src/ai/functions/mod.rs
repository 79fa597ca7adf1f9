//! The functions: one file (or folder) each, and one line each below.

use super::Function;
use crate::api::{Error, FieldError};

/// Declares the functions: the file, and the type in it that implements [`super::AiFunction`].
macro_rules! functions {
    ($($file:ident::$function:ident,)+) => {
        $(mod $file;)+

        /// Every function, in the order of the list.
        pub(super) fn all() -> Vec<Function> {
            vec![$(Function::of::<$file::$function>()),+]
        }
    };
}

functions! {
    auto_cluster::AutoCluster,
    generate_ideas::GenerateIdeas,
    generate_content::GenerateContent,
    generate_image_prompts::GenerateImagePrompts,
    generate_images::GenerateImages,
    suggest_links::SuggestLinks,
    optimize_content::OptimizeContent,
    generate_site_structure::GenerateSiteStructure,
    generate_page::GeneratePage,
}

pub use auto_cluster::{accept, preview};
pub use generate_content::prompt_problems;

/// A field of the payload that cannot be used, as the API answers it.
fn wrong(field: &str, message: &str) -> Error {
    Error::invalid(vec![FieldError::new(field, message)])
}

/// At most so many characters, without control characters and white space at the ends.
fn shortened(text: &str, most: usize) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    text.trim().chars().take(most).collect::<String>().trim_end().to_owned()
}
