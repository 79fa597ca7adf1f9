//! Requests that cannot be read: refused with the fields to blame, in words of the API.

use igny8_server::testing::{World, body_of};
use poem::http::Method;
use serde_json::{Value, json};

/// Fields and messages of a refusal.
fn told(problem: &Value) -> Vec<String> {
    let errors = problem["errors"].as_array().into_iter().flatten();
    errors
        .map(|error| {
            let word = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
            format!("{} {}", word("field"), word("message"))
        })
        .collect()
}

#[tokio::test]
async fn bodies_are_refused_by_field() {
    let w = World::new().await;
    let site = format!("/sites/{}", w.a.sites[0]);
    let id = "kw_01jz8k3v5n6q7r8s9t0v1w2x3y";
    for (path, body, wrong) in [
        ("/sites".to_owned(), json!({ "name": "x" }), "site_type is required"),
        (
            "/sites".to_owned(),
            json!({ "name": "x", "site_type": "shop" }),
            "site_type must be one of blog, ecommerce, company",
        ),
        (
            "/sites".to_owned(),
            json!({ "name": "x", "site_type": "blog", "colour": "red" }),
            "colour is not known here; there are",
        ),
        (
            format!("{site}/tasks/bulk"),
            json!({ "action": "due", "ids": ["task_01jz8k3v5n6q7r8s9t0v1w2x3y"], "due_at": "tomorrow" }),
            "due_at must be a date and time such as",
        ),
        (
            format!("{site}/keywords/bulk"),
            json!({ "action": "delete", "ids": [id, "bogus"] }),
            "ids.1 must be an id such as kw_",
        ),
        (
            format!("{site}/keywords/bulk"),
            json!({ "action": "delete", "ids": [] }),
            "ids must not be empty",
        ),
        (
            format!("{site}/content"),
            json!({ "content_type": "post", "title": "x", "faq": [{ "question": "Why?" }] }),
            "faq.0.answer is required",
        ),
        (format!("{site}/content"), json!([]), "body must be an object"),
    ] {
        let (status, problem) = w.post(&w.a.owner, &path, body).await;
        assert_eq!(
            (status.as_u16(), &problem["code"]),
            (400, &json!("bad_body")),
            "{problem}"
        );
        let told = told(&problem);
        assert!(told.len() == 1 && told[0].starts_with(wrong), "{wrong}: {problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(told[0].split(' ').next().unwrap()), "{problem}");
        for name in ["Expected input type", "occurred while parsing", "SiteType", "TaskBulk"] {
            assert!(!problem.to_string().contains(name), "{problem}");
        }
    }
}

#[tokio::test]
async fn several_mistakes_are_told_at_once() {
    let w = World::new().await;
    let body = json!({ "name": 7, "site_type": "shop" });
    let (_, problem) = w.post(&w.a.owner, "/sites", body.clone()).await;
    let mut all = told(&problem);
    all.sort();
    assert_eq!(
        all,
        [
            "name must be a text",
            "site_type must be one of blog, ecommerce, company"
        ],
        "{problem}"
    );
    // Also where the request is carried out once only.
    let request = w
        .request(&w.a.owner, Method::POST, "/sites")
        .header("idempotency-key", "k");
    let (status, problem) = body_of(request.body_json(&body).send().await).await;
    assert_eq!((status.as_u16(), told(&problem).len()), (400, 2), "{problem}");
}

#[tokio::test]
async fn what_is_no_json_is_told_so() {
    let w = World::new().await;
    for (text, kind, status, words) in [
        ("{\"name\":", "application/json", 400, "The body is not JSON"),
        ("", "application/json", 400, "body: is required"),
        ("name=x", "application/x-www-form-urlencoded", 415, "application/json"),
    ] {
        let request = w
            .request(&w.a.owner, Method::POST, "/sites")
            .content_type(kind)
            .body(text.to_owned());
        let (got, problem) = body_of(request.send().await).await;
        assert_eq!(got, status, "{text:?}: {problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(words), "{text:?}: {problem}");
    }
}

#[tokio::test]
async fn parameters_are_refused_by_name() {
    let w = World::new().await;
    let site = format!("/sites/{}", w.a.sites[0]);
    let (_, content) = w
        .post(
            &w.a.editor,
            &format!("{site}/content"),
            json!({ "content_type": "post", "title": "One" }),
        )
        .await;
    let revisions = format!("{site}/content/{}/revisions", content["id"].as_str().unwrap());
    for (path, wrong) in [
        (
            format!("{site}/content?status=foo"),
            "status must be one of draft, review, approved, published",
        ),
        (format!("{revisions}/compare?from=1"), "to is required"),
        (
            format!("{revisions}/compare?from=one&to=2"),
            "from must be a whole number",
        ),
        (
            format!("{site}/content?with_total=1"),
            "with_total must be true or false",
        ),
        (format!("{site}/content?term=bogus"), "term must be an id such as term_"),
        (
            format!("{site}/content?statuss=published"),
            "statuss is not known: this operation takes limit, cursor,",
        ),
        (
            format!("{site}/content/filter-options?sector=x"),
            "sector is not known: this operation takes no parameters",
        ),
    ] {
        let (status, problem) = w.get(&w.a.viewer, &path).await;
        assert_eq!(
            (status.as_u16(), &problem["code"]),
            (400, &json!("bad_parameter")),
            "{path}: {problem}"
        );
        let told = told(&problem);
        assert!(told.len() == 1 && told[0].starts_with(wrong), "{path}: {problem}");
    }
    let made = format!("{site}/content?dryrun=true");
    let (status, _) = w
        .post(&w.a.editor, &made, json!({ "content_type": "post", "title": "Two" }))
        .await;
    assert_eq!(status, 400, "nothing is made by a request that is not understood");
    let (_, list) = w.get(&w.a.viewer, &format!("{site}/content?with_total=true")).await;
    assert_eq!(list["total"], 1, "{list}");
}
