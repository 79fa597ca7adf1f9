//! `/ai/prompts`: what the functions tell models, and an account's own words for it.

use igny8_data::{Access, AccountScope, AuditEvent, DbError, Manage, Read, Select};
use poem::web::Data;
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use crate::ai::function;
use crate::ai::prompt::{BuiltIn, PromptRow, Template, Values};
use crate::api::response::Done;
use crate::api::{Caller, Error, Fetched, FieldError, From, Result, Tag, etag};
use crate::app::App;

/// A place in a prompt that is filled in.
#[derive(Debug, Object)]
#[oai(rename = "PromptPlaceholder")]
pub struct PlaceholderOut {
    /// Written `{{name}}` in the text.
    pub name: String,
    pub about: String,
    /// The text must have it.
    pub required: bool,
}

/// A prompt of an AI function.
#[derive(Debug, Object)]
#[oai(rename = "Prompt")]
pub struct PromptOut {
    pub name: String,
    pub function: String,
    pub about: String,
    /// What stands above a line of `---` is the system text, the rest the message.
    pub text: String,
    /// The account's own text; otherwise the built-in one.
    pub own: bool,
    pub built_in: String,
    pub placeholders: Vec<PlaceholderOut>,
}

#[derive(Debug, Object)]
#[oai(rename = "PromptList")]
pub struct PromptList {
    pub items: Vec<PromptOut>,
}

/// An account's own text of a prompt.
#[derive(Debug, Object)]
#[oai(rename = "PromptReplace", deny_unknown_fields)]
pub struct PromptIn {
    pub text: String,
}

/// A text to try.
#[derive(Debug, Object)]
#[oai(rename = "PromptPreviewCreate", deny_unknown_fields)]
pub struct PreviewIn {
    /// The prompt's present text when absent.
    pub text: Option<String>,
}

/// What a model would be told, with sample values.
#[derive(Debug, Object)]
#[oai(rename = "PromptPreview")]
pub struct PreviewOut {
    pub system: String,
    pub message: String,
}

pub struct PromptsApi;

#[OpenApi(tag = "Tag::Ai")]
impl PromptsApi {
    /// List prompts
    #[oai(path = "/ai/prompts", method = "get", operation_id = "prompt_list")]
    async fn list(&self, caller: Caller, app: Data<&App>) -> Result<Json<PromptList>> {
        let scope = caller.actor().account::<Read>()?;
        let rows = app.db.account(&scope).list::<PromptRow>(Select::new()).await?;
        let items = function::all()
            .iter()
            .flat_map(|function| function.prompts.iter().map(|prompt| (function.name, prompt)))
            .map(|(function, prompt)| out(function, prompt, rows.iter().find(|row| row.name == prompt.name)))
            .collect();
        Ok(Json(PromptList { items }))
    }

    /// Read a prompt
    #[oai(path = "/ai/prompts/:prompt", method = "get", operation_id = "prompt_get")]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// Name of the prompt.
        prompt: Path<String>,
    ) -> Result<Fetched<PromptOut>> {
        let scope = caller.actor().account::<Read>()?;
        let (function, built_in) = find(&prompt.0)?;
        let row = own(&app, &scope, built_in).await?;
        let rev = row.as_ref().map_or(0, |row| row.rev);
        Ok(Fetched::new(out(function, built_in, row.as_ref()), rev))
    }

    /// Replace a prompt
    ///
    /// By a text of the account's own. Placeholders are checked: unknown ones and missing required ones are named.
    #[oai(path = "/ai/prompts/:prompt", method = "put", operation_id = "prompt_replace")]
    async fn replace(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        /// Name of the prompt.
        prompt: Path<String>,
        /// ETag of the version that is replaced.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<PromptIn>,
    ) -> Result<Fetched<PromptOut>> {
        let scope = caller.actor().account::<Manage>()?;
        let (function, built_in) = find(&prompt.0)?;
        let old = own(&app, &scope, built_in).await?;
        etag::check(if_match.0.as_deref(), old.as_ref().map_or(0, |row| row.rev))?;
        parsed(&body.0.text, built_in)?;
        let now = app.db.clock().now();
        let mut tx = app.db.account(&scope).tx();
        let row = match old {
            Some(mut row) => {
                row.text = body.0.text;
                row.updated_at = now;
                tx.replace(&mut row);
                row
            }
            None => {
                let row = PromptRow {
                    id: app.db.ids().make(),
                    account: scope.account(),
                    name: built_in.name.to_owned(),
                    text: body.0.text,
                    rev: 1,
                    created_at: now,
                    updated_at: now,
                };
                tx.create(row.clone());
                row
            }
        };
        tx.audit(AuditEvent::new("prompt.changed", built_in.name, &from.0));
        tx.commit().await.map_err(|error| match error {
            DbError::Duplicate { .. } => Error::stale(None),
            error => error.into(),
        })?;
        Ok(Fetched::new(out(function, built_in, Some(&row)), row.rev))
    }

    /// Reset a prompt
    ///
    /// To the built-in text.
    #[oai(path = "/ai/prompts/:prompt", method = "delete", operation_id = "prompt_reset")]
    async fn reset(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        /// Name of the prompt.
        prompt: Path<String>,
        /// ETag of the version that is given up.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Done> {
        let scope = caller.actor().account::<Manage>()?;
        let (_, built_in) = find(&prompt.0)?;
        let old = own(&app, &scope, built_in).await?;
        etag::check(if_match.0.as_deref(), old.as_ref().map_or(0, |row| row.rev))?;
        if let Some(row) = old {
            let mut tx = app.db.account(&scope).tx();
            tx.delete(row.id);
            tx.audit(AuditEvent::new("prompt.reset", built_in.name, &from.0));
            tx.commit().await?;
        }
        Ok(Done::Done)
    }

    /// Preview a prompt
    ///
    /// What a model would be told, with sample values. Nothing is stored or asked.
    #[oai(
        path = "/ai/prompts/:prompt/preview",
        method = "post",
        operation_id = "prompt_preview"
    )]
    async fn preview(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// Name of the prompt.
        prompt: Path<String>,
        body: Json<PreviewIn>,
    ) -> Result<Json<PreviewOut>> {
        let scope = caller.actor().account::<Read>()?;
        let (_, built_in) = find(&prompt.0)?;
        let text = match body.0.text {
            Some(text) => text,
            None => own(&app, &scope, built_in)
                .await?
                .map_or_else(|| built_in.text.to_owned(), |row| row.text),
        };
        let (system, message) = parsed(&text, built_in)?.render(&Values::samples(built_in));
        Ok(Json(PreviewOut { system, message }))
    }
}

fn find(name: &str) -> Result<(&'static str, &'static BuiltIn)> {
    function::all()
        .iter()
        .flat_map(|function| function.prompts.iter().map(|prompt| (function.name, prompt)))
        .find(|(_, prompt)| prompt.name == name)
        .ok_or_else(Error::not_found)
}

async fn own<A: Access>(app: &App, scope: &AccountScope<A>, prompt: &BuiltIn) -> Result<Option<PromptRow>> {
    let select = Select::new().equals("name", prompt.name.to_owned()).limit(1);
    Ok(app.db.account(scope).list::<PromptRow>(select).await?.pop())
}

fn parsed(text: &str, prompt: &BuiltIn) -> Result<Template> {
    Template::parse(text, prompt.placeholders).map_err(|problems| {
        let errors = problems.into_iter().map(|problem| FieldError::new("text", problem));
        Error::invalid(errors.collect())
    })
}

fn out(function: &str, prompt: &BuiltIn, own: Option<&PromptRow>) -> PromptOut {
    PromptOut {
        name: prompt.name.to_owned(),
        function: function.to_owned(),
        about: prompt.about.to_owned(),
        text: own.map_or(prompt.text, |row| row.text.as_str()).to_owned(),
        own: own.is_some(),
        built_in: prompt.text.to_owned(),
        placeholders: prompt
            .placeholders
            .iter()
            .map(|place| PlaceholderOut {
                name: place.name.to_owned(),
                about: place.about.to_owned(),
                required: place.required,
            })
            .collect(),
    }
}
