//! `/ai` and `/sites/{site}/ai`: functions, prompts, transcripts.

mod functions;
mod grouping;
mod prompts;
mod transcripts;

use poem_openapi::OpenApi;

pub fn apis() -> impl OpenApi + 'static {
    (
        functions::FunctionsApi,
        grouping::GroupingApi,
        prompts::PromptsApi,
        transcripts::TranscriptsApi,
    )
}
