//! Uploads: counted while they come in.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::TryStreamExt as _;
use poem::{Body, Endpoint, IntoResponse, Request, Response};

use super::error::Error;
use crate::app::App;
use crate::config::Http;

/// What a form may hold besides its file: field names, boundaries, texts.
pub const OVERHEAD: usize = 64 << 10;

/// Refuses a body as soon as more than `most` allows came in, whatever length it announced.
pub fn bounded<E: Endpoint>(inner: E, most: fn(&Http) -> usize) -> Bounded<E> {
    Bounded { inner, most }
}

/// [`bounded`]
pub struct Bounded<E> {
    inner: E,
    most: fn(&Http) -> usize,
}

impl<E: Endpoint> Endpoint for Bounded<E> {
    type Output = Response;

    async fn call(&self, mut req: Request) -> poem::Result<Response> {
        let app: &App = req.data().expect("every route has the application's data");
        let most = (self.most)(&app.config.http).saturating_add(OVERHEAD);
        let announced = req.header("content-length").and_then(|n| n.parse::<usize>().ok());
        if announced.is_some_and(|n| n > most) {
            return Err(too_large(most - OVERHEAD).into());
        }
        let (seen, exceeded) = (AtomicUsize::new(0), Arc::new(AtomicBool::new(false)));
        let flag = Arc::clone(&exceeded);
        let stream = req.take_body().into_bytes_stream().and_then(move |piece| {
            let over = seen.fetch_add(piece.len(), Ordering::Relaxed) + piece.len() > most;
            flag.fetch_or(over, Ordering::Relaxed);
            std::future::ready(if over {
                Err(std::io::Error::other("the upload is too large"))
            } else {
                Ok(piece)
            })
        });
        req.set_body(Body::from_bytes_stream(stream));
        let answer = self.inner.call(req).await;
        // The form's parser only knows that its input broke off.
        if exceeded.load(Ordering::Relaxed) {
            return Err(too_large(most - OVERHEAD).into());
        }
        answer.map(IntoResponse::into_response)
    }
}

pub fn too_large(most: usize) -> Error {
    Error::too_large(format!(
        "The file is larger than {} MiB, the most this server accepts.",
        most >> 20
    ))
}
