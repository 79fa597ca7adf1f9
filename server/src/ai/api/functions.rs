//! `/ai/functions`, and running them on a site.

use igny8_data::{JobId, Read, SiteId, Write};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{Enum, Object, OpenApi};
use serde_json::Value;

use crate::ai::provider::{self, NotUsable, images};
use crate::ai::{Asks, Function, engine, function};
use crate::api::{Accepted, Caller, Result, Tag};
use crate::app::App;
use crate::features::billing::prices::Price;

/// What answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum ServedBy {
    /// An algorithm of this program: no provider is configured. What it writes is a draft.
    Local,
    /// The account's provider.
    Provider,
}

/// A prompt of a function.
#[derive(Debug, Object)]
pub struct FunctionPrompt {
    pub name: String,
    /// Names of the places that are filled in: `{{name}}`.
    pub placeholders: Vec<String>,
}

/// An AI function.
#[derive(Debug, Object)]
#[oai(rename = "AiFunction")]
pub struct FunctionOut {
    pub name: String,
    pub about: String,
    /// What the price counts: `keywords`.
    pub unit: String,
    pub price: Price,
    pub served_by: ServedBy,
    /// Its prompts; a task's own prompt replaces the first.
    pub prompts: Vec<FunctionPrompt>,
    /// An input with every field.
    pub example: Any<Value>,
}

/// The AI functions, and what answers them for this account.
#[derive(Debug, Object)]
#[oai(rename = "AiFunctionList", skip_serializing_if_is_none)]
pub struct FunctionsOut {
    /// What answers the functions that ask for text.
    pub served_by: ServedBy,
    pub model: Option<String>,
    /// Why the provider cannot be used, if so: tasks will fail.
    pub problem: Option<String>,
    pub items: Vec<FunctionOut>,
}

/// What a function is to do.
#[derive(Debug, Object)]
#[oai(rename = "AiTaskCreate", deny_unknown_fields)]
pub struct TaskIn {
    /// The function's input; see its `example`.
    pub input: Any<Value>,
    /// A prompt for this task alone, instead of the function's first one.
    pub prompt: Option<String>,
}

/// What is to be estimated.
#[derive(Debug, Object)]
#[oai(rename = "AiEstimateCreate", deny_unknown_fields)]
pub struct EstimateIn {
    /// The function's input; see its `example`.
    pub input: Any<Value>,
}

/// A task that was queued.
#[derive(Debug, Object)]
#[oai(rename = "AiTask")]
pub struct TaskOut {
    /// Follow it: `/jobs/{job}`.
    pub job: JobId,
}

/// What a task would cost.
#[derive(Debug, Object)]
#[oai(rename = "AiEstimate")]
pub struct EstimateOut {
    pub units: i64,
    /// What is counted: `keywords`.
    pub unit: String,
    pub price: Price,
    /// Credits it would take.
    pub credits: i64,
    /// Credits the account has.
    pub balance: i64,
    /// Credits that tasks which wait or run will take.
    pub reserved: i64,
    /// Whether the credits suffice.
    pub enough: bool,
}

pub struct FunctionsApi;

#[OpenApi(tag = "Tag::Ai")]
impl FunctionsApi {
    /// List AI functions
    #[oai(path = "/ai/functions", method = "get", operation_id = "ai_function_list")]
    async fn list(&self, caller: Caller, app: Data<&App>) -> Result<Json<FunctionsOut>> {
        let scope = caller.actor().account::<Read>()?;
        let (served_by, model, problem) = match provider::configured(&app, &scope).await {
            Ok(None) => (ServedBy::Local, None, None),
            Ok(Some(provider)) => (ServedBy::Provider, Some(provider.model().to_owned()), None),
            Err(NotUsable::Provider(error)) => (ServedBy::Provider, None, Some(error.for_user())),
            Err(NotUsable::Db(error)) => return Err(error.into()),
        };
        let drawn_by = match images::configured(&app, &scope).await {
            Ok(None) => ServedBy::Local,
            Ok(Some(_)) | Err(NotUsable::Provider(_)) => ServedBy::Provider,
            Err(NotUsable::Db(error)) => return Err(error.into()),
        };
        let out = |function: &Function| FunctionOut {
            served_by: match function.asks {
                Asks::Chat => served_by,
                Asks::Pictures => drawn_by,
            },
            name: function.name.to_owned(),
            about: function.about.to_owned(),
            unit: function.unit.to_owned(),
            price: function.price(&app),
            prompts: function
                .prompts
                .iter()
                .map(|prompt| FunctionPrompt {
                    name: prompt.name.to_owned(),
                    placeholders: prompt.placeholders.iter().map(|place| place.name.to_owned()).collect(),
                })
                .collect(),
            example: Any(function.example()),
        };
        Ok(Json(FunctionsOut {
            served_by,
            model,
            problem,
            items: function::all().iter().map(out).collect(),
        }))
    }

    /// Run an AI function
    ///
    /// As a background job. Its credits are taken when its output is saved; a task that fails or is cancelled costs
    /// nothing. 402 says what is missing, 409 `in_progress` (of `generate_content`: `written_already`) that a task which does the
    /// same (on the same task, text or picture) waits or runs.
    #[oai(
        path = "/sites/:site_id/ai/:function",
        method = "post",
        operation_id = "ai_task_create"
    )]
    async fn run(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        /// Name of the function.
        function: Path<String>,
        body: Json<TaskIn>,
    ) -> Result<Accepted<TaskOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        app.limits.ai(caller.actor())?;
        let Json(TaskIn {
            input: Any(input),
            prompt,
        }) = body;
        let job = engine::run_ai_task(&app, &scope, &function.0, &input, prompt).await?;
        Ok(Accepted::Accepted(Json(TaskOut { job })))
    }

    /// Estimate an AI task
    ///
    /// Counts what there is to do and what it costs; nothing is queued.
    #[oai(
        path = "/sites/:site_id/ai/:function/estimate",
        method = "post",
        operation_id = "ai_task_estimate"
    )]
    async fn estimate(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        /// Name of the function.
        function: Path<String>,
        body: Json<EstimateIn>,
    ) -> Result<Json<EstimateOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let estimate = engine::estimate(&app, &scope, &function.0, &body.0.input.0).await?;
        let unit = function::find(&function.0).map_or("", |function| function.unit);
        let enough = estimate.enough();
        Ok(Json(EstimateOut {
            units: estimate.units,
            unit: unit.to_owned(),
            price: estimate.price,
            credits: estimate.credits,
            balance: estimate.balance,
            reserved: estimate.reserved,
            enough,
        }))
    }
}
