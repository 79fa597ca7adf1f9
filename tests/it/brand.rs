//! Who stands behind a site, and how it speaks: checked, shown by themes, told to models.

use igny8_server::testing::World;
use igny8_server::testing::fake_provider::FakeProvider;
use serde_json::json;

use crate::deployments::{deploy, publish};
use crate::forms::settings;

#[tokio::test]
async fn contact_and_legal_data_are_checked() {
    let w = World::new().await;
    let (status, settings_of) = settings(&w, |settings| {
        settings["organisation"] = json!({
            "name": "North Pier", "kind": "store", "legal_name": "North Pier, Lda.", "vat_id": "PT 123456789",
            "registration": "CRC Porto 4711", "address": ["1 Quay"], "postal_code": "4050-123", "city": "Porto", "country": "PT",
            "phone": "+351 22 555 0118", "email": "shop@example.com", "privacy_url": "/privacy/", "logo": "/media/logo.png",
        });
        settings["voice"] = json!({ "tone": "warm", "audience": "People who ride to work.", "facts": ["Wheels are built by hand."] });
        settings["forms"]["recipients"] = json!(["desk@example.com"]);
        settings["theme_options"] = json!({ "brand_color": "#0f6b66", "of_another_theme": 1 });
    })
    .await;
    assert_eq!(status, 200, "{settings_of}");
    assert_eq!(
        (
            &settings_of["organisation"]["city"],
            &settings_of["voice"]["tone"],
            &settings_of["forms"]["keep_days"]
        ),
        (&json!("Porto"), &json!("warm"), &json!(365)),
        "{settings_of}"
    );
    let (_, again) = w.get(&w.a.viewer, &format!("/sites/{}/settings", w.a.sites[0])).await;
    assert_eq!(again, settings_of);

    for (pointer, value, field) in [
        (
            "/organisation/email",
            json!("a@b.example\r\nBcc: c@d.example"),
            "organisation.email",
        ),
        ("/organisation/phone", json!("call me"), "organisation.phone"),
        ("/organisation/vat_id", json!("<b>"), "organisation.vat_id"),
        ("/organisation/country", json!("Portugal"), "organisation.country"),
        ("/organisation/city", json!("Porto\nX"), "organisation.city"),
        (
            "/organisation/privacy_url",
            json!("javascript:x"),
            "organisation.privacy_url",
        ),
        ("/organisation/logo", json!("data:x"), "organisation.logo"),
        ("/voice/facts", json!([""]), "voice.facts"),
        ("/voice/tone", json!("x".repeat(301)), "voice.tone"),
        (
            "/forms/recipients",
            json!(["a@b.example, c@d.example"]),
            "forms.recipients",
        ),
        ("/forms/keep_days", json!(0), "forms.keep_days"),
        ("/theme_options/brand_color", json!("red"), "theme_options.brand_color"),
        ("/theme_options/layout", json!("sideways"), "theme_options.layout"),
    ] {
        let (status, problem) = settings(&w, |settings| match settings.pointer_mut(pointer) {
            Some(place) => *place = value.clone(),
            None => settings["theme_options"]["layout"] = value.clone(),
        })
        .await;
        assert_eq!(
            (status, &problem["errors"][0]["field"]),
            (422, &json!(field)),
            "{problem}"
        );
    }
    let (status, problem) = settings(&w, |settings| {
        settings["organisation"] = json!({ "name": "X", "kind": "local_business" });
    })
    .await;
    assert_eq!(
        (status, &problem["errors"][0]["field"]),
        (422, &json!("organisation.kind"))
    );
}

#[tokio::test]
async fn visitors_and_search_engines_see_who_it_is() {
    let w = World::new().await;
    let site = w.a.sites[0];
    publish(&w, &w.a, site, "first", "First", "Words").await;
    let (status, _) = settings(&w, |settings| {
        settings["organisation"] = json!({
            "name": "North Pier", "kind": "local_business", "legal_name": "North Pier, Lda.", "address": ["1 Quay"], "city": "Porto",
            "country": "PT",
        });
    })
    .await;
    assert_eq!(status, 200);
    assert_eq!(deploy(&w, &w.a, site).await["status"], "deployed");
    let page = w.http.get("/sites/site-a0/blog/first/").send().await;
    let page = page.0.into_body().into_string().await.unwrap();
    for part in [
        "\"@type\":\"LocalBusiness\"",
        "\"addressLocality\":\"Porto\"",
        "North Pier, Lda.",
        "1 Quay, Porto",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
}

#[tokio::test]
async fn models_are_told_how_the_site_speaks() {
    let fake = FakeProvider::start().await;
    let w = World::with(|config| fake.allow(config)).await;
    fake.connect(&w, &w.a.owner).await;
    let site = w.a.sites[0];
    let (status, _) = settings(&w, |settings| {
        settings["voice"] = json!({ "tone": "warm as tea", "audience": "", "facts": ["Wheels are built by hand."] });
    })
    .await;
    assert_eq!(status, 200);
    let (_, sector) = w
        .post(
            &w.a.owner,
            &format!("/sites/{site}/sectors"),
            json!({ "name": "Bicycles" }),
        )
        .await;
    let task = json!({ "title": "Wheels", "sector": sector["id"], "content_structure": "article" });
    let (status, task) = w.post(&w.a.editor, &format!("/sites/{site}/tasks"), task).await;
    assert_eq!(status, 201, "{task}");
    let asked = json!({ "input": { "task": task["id"] } });
    let (status, job) = w
        .post(&w.a.editor, &format!("/sites/{site}/ai/generate_content"), asked)
        .await;
    assert!(status.is_success(), "{job}");
    w.run_jobs().await;
    let first = fake.received().into_iter().next().expect("a question");
    let text = first.body["messages"].to_string();
    assert!(
        text.contains("warm as tea") && text.contains("Wheels are built by hand."),
        "{text}"
    );
}
