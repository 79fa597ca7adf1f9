//! `/ai` and `/sites/{site}/ai`: functions, prompts, transcripts.

mod functions;
mod prompts;
mod transcripts;

use poem_openapi::OpenApi;

pub fn apis() -> impl OpenApi + 'static {
    (
        functions::FunctionsApi,
        prompts::PromptsApi,
        transcripts::TranscriptsApi,
    )
}
