//! Media: what is accepted and what is not, one file for the same bytes, who sees what.

use std::io::Cursor;

use igny8_server::testing::{Member, World, body_of};
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};

fn png(seed: u8) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = image::RgbImage::from_fn(32, 16, |x, y| image::Rgb([x as u8, y as u8, seed]));
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

async fn upload(w: &World, member: &Member, path: &str, name: &str, mime: &str, bytes: Vec<u8>) -> (StatusCode, Value) {
    // By hand: the test client's form cannot send a name that is not ASCII, and browsers do.
    let mut body = format!(
        "--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: {mime}\r\n\r\n"
    )
    .into_bytes();
    body.extend(bytes);
    body.extend(b"\r\n--edge\r\ncontent-disposition: form-data; name=\"alt\"\r\n\r\nA picture\r\n--edge--\r\n");
    let request = w
        .request(member, Method::POST, path)
        .content_type("multipart/form-data; boundary=edge");
    body_of(request.body(body).send().await).await
}

fn files(w: &World) -> usize {
    let Ok(folders) = std::fs::read_dir(w.app.config.data_dir.join("media")) else {
        return 0;
    };
    folders
        .map(|f| std::fs::read_dir(f.unwrap().path()).unwrap().count())
        .sum()
}

#[tokio::test]
async fn the_life_of_a_file() {
    let w = World::new().await;
    let path = format!("/sites/{}/media", w.a.sites[0]);
    let (status, media) = upload(&w, &w.a.editor, &path, "../Der Röster.PNG", "text/html", png(1)).await;
    assert_eq!(status, 201, "{media}");
    assert_eq!(
        (
            &media["kind"],
            &media["mime"],
            &media["width"],
            &media["name"],
            &media["alt"]
        ),
        (
            &json!("image"),
            &json!("image/png"),
            &json!(32),
            &json!("Der Röster.PNG"),
            &json!("A picture")
        ),
    );
    let item = format!("{path}/{}", media["id"].as_str().unwrap());
    let long = format!(
        "--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.svg\"\r\n\r\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>\
         \r\n--edge\r\ncontent-disposition: form-data; name=\"alt\"\r\n\r\n{}\r\n--edge--\r\n",
        "x".repeat(1_001)
    );
    let request = w.request(&w.a.editor, Method::POST, &path);
    let request = request.content_type("multipart/form-data; boundary=edge").body(long);
    let (status, problem) = body_of(request.send().await).await;
    assert_eq!(
        (status.as_u16(), &problem["errors"][0]["field"], files(&w)),
        (422, &json!("alt"), 1),
        "{problem}"
    );

    // The same bytes again: the same row, one file.
    let (status, same) = upload(&w, &w.a.editor, &path, "other.png", "image/png", png(1)).await;
    assert_eq!(
        (status.as_u16(), &same["id"], &same["name"]),
        (200, &media["id"], &media["name"]),
        "{same}"
    );
    let (status, _) = upload(
        &w,
        &w.b.owner,
        &format!("/sites/{}/media", w.b.sites[0]),
        "x.png",
        "image/png",
        png(1),
    )
    .await;
    assert_eq!(status, 201, "another account is not told that the bytes are known");
    assert_eq!(files(&w), 1);

    let answer = w
        .request(&w.a.viewer, Method::GET, &format!("{item}/file"))
        .send()
        .await;
    let headers = answer.0.headers().clone();
    assert_eq!(answer.0.status(), 200);
    assert_eq!(headers["content-type"], "image/png");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert!(headers["content-security-policy"].to_str().unwrap().contains("sandbox"));
    assert!(
        headers["content-disposition"]
            .to_str()
            .unwrap()
            .contains("Der%20R%C3%B6ster%2EPNG")
    );
    assert_eq!(answer.0.into_body().into_vec().await.unwrap(), png(1));
    let request = w.request(&w.a.viewer, Method::GET, &format!("{item}/file"));
    let part = request.header("range", "bytes=1-3").send().await;
    assert_eq!(part.0.status(), 206);
    assert_eq!(part.0.into_body().into_vec().await.unwrap(), b"PNG");
    let request = w.request(&w.a.viewer, Method::GET, &format!("{item}/file"));
    let again = request
        .header("if-none-match", headers["etag"].to_str().unwrap())
        .send()
        .await;
    assert_eq!(again.0.status(), 304);

    for (member, status) in [(&w.b.owner, 404), (&w.a.viewer, 403)] {
        assert_eq!(w.patch(member, &item, 1, json!({ "alt": "x" })).await.0, status);
        assert_eq!(w.delete(member, &item, 1).await.0, status);
        assert_eq!(upload(&w, member, &path, "a.png", "image/png", png(9)).await.0, status);
    }
    for below in ["", "/file"] {
        assert_eq!(w.get(&w.b.owner, &format!("{item}{below}")).await.0, 404);
        let other_site = format!("/sites/{}/media/{}{below}", w.b.sites[0], media["id"].as_str().unwrap());
        assert_eq!(w.get(&w.b.owner, &other_site).await.0, 404);
    }
    let (status, changed) = w.patch(&w.a.editor, &item, 1, json!({ "title": "The roaster" })).await;
    assert_eq!(
        (status.as_u16(), &changed["title"]),
        (200, &json!("The roaster")),
        "{changed}"
    );
    assert_eq!(w.patch(&w.a.editor, &item, 1, json!({ "title": "late" })).await.0, 412);
    let (status, problem) = w.patch(&w.a.editor, &item, 2, json!({ "alt": "x".repeat(2000) })).await;
    assert_eq!(
        (status.as_u16(), &problem["errors"][0]["field"]),
        (422, &json!("alt")),
        "{problem}"
    );

    for (query, total) in [
        ("", 1),
        ("?kind=image", 1),
        ("?kind=document", 0),
        ("?search=r%C3%B6ster", 1),
        ("?search=zzz", 0),
    ] {
        let join = if query.is_empty() { '?' } else { '&' };
        let (_, list) = w.get(&w.a.viewer, &format!("{path}{query}{join}with_total=true")).await;
        assert_eq!(list["total"], total, "{query} {list}");
    }

    assert_eq!(w.delete(&w.a.editor, &item, 2).await.0, 204);
    assert_eq!(w.get(&w.a.editor, &item).await.0, 404);
    assert_eq!(
        upload(&w, &w.a.editor, &path, "a.png", "image/png", png(1)).await.0,
        201,
        "deleted ones do not count"
    );
    assert_eq!(w.post(&w.a.editor, &format!("{item}/restore"), json!({})).await.0, 409);
}

#[tokio::test]
async fn hostile_files_are_refused_and_leave_nothing() {
    let w = World::with(|config| config.http.max_upload_bytes = 200_000).await;
    let path = format!("/sites/{}/media", w.a.sites[0]);
    let whole = png(1);
    for (name, mime, bytes, says) in [
        (
            "a.png",
            "image/png",
            b"<!doctype html><script>alert(1)</script>".to_vec(),
            "not accepted",
        ),
        ("empty.png", "image/png", Vec::new(), "empty"),
        ("cut.png", "image/png", whole[..whole.len() - 20].to_vec(), "damaged"),
        ("a.exe", "image/png", b"MZ\x90\0\x03\0\0\0".to_vec(), "not accepted"),
        (
            "bad.svg",
            "image/svg+xml",
            b"<svg xmlns='http://www.w3.org/2000/svg'><g></svg>".to_vec(),
            "SVG",
        ),
        (
            "page.svg",
            "image/svg+xml",
            b"<html><body/></html>".to_vec(),
            "not accepted",
        ),
    ] {
        let (status, problem) = upload(&w, &w.a.editor, &path, name, mime, bytes).await;
        assert_eq!(status, 422, "{name} {problem}");
        assert_eq!(problem["errors"][0]["field"], "file");
        assert!(problem["detail"].as_str().unwrap().contains(says), "{name} {problem}");
    }
    let (status, problem) = upload(&w, &w.a.editor, &path, "big.png", "image/png", vec![0; 400_000]).await;
    assert_eq!(status, 413, "{problem}");
    // Without a length, counted while it comes in.
    let piece = || Ok::<_, std::io::Error>(bytes::Bytes::from(vec![b'x'; 50_000]));
    let head = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n";
    let stream = std::iter::once(Ok(bytes::Bytes::from(head))).chain((0..20).map(move |_| piece()));
    let request = w
        .request(&w.a.editor, Method::POST, &path)
        .content_type("multipart/form-data; boundary=b");
    let request = request.body(poem::Body::from_bytes_stream(futures_util::stream::iter(stream)));
    let (status, problem) = body_of(request.send().await).await;
    assert_eq!(status, 413, "{problem}");
    assert_eq!(files(&w), 0);

    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' width='4' height='3' onload='alert(1)'><script>alert(1)</script><path d='M0 0'/></svg>";
    let (status, media) = upload(&w, &w.a.editor, &path, "a.svg", "text/plain", svg.to_vec()).await;
    assert_eq!((status.as_u16(), &media["width"]), (201, &json!(4)), "{media}");
    let file = format!("{path}/{}/file", media["id"].as_str().unwrap());
    let stored = w
        .request(&w.a.editor, Method::GET, &file)
        .send()
        .await
        .0
        .into_body()
        .into_string()
        .await
        .unwrap();
    assert!(stored.contains("<path") && !stored.contains("alert"), "{stored}");
}

#[tokio::test]
async fn a_file_goes_with_its_last_row() {
    let w = World::new().await;
    for tenant in [&w.a, &w.b] {
        let path = format!("/sites/{}/media", tenant.sites[0]);
        assert_eq!(
            upload(&w, &tenant.owner, &path, "a.png", "image/png", png(1)).await.0,
            201
        );
    }
    let mut left = Vec::new();
    for tenant in [&w.a, &w.b] {
        let path = format!("/sites/{}/media", tenant.sites[0]);
        let sql = "UPDATE media SET deleted_at = $then, live_hash = NONE WHERE account = $account";
        let mut binds = igny8_data::Variables::new();
        binds.insert("account", tenant.account);
        binds.insert("then", w.clock.now() - chrono::Duration::days(60));
        w.app
            .db
            .platform(igny8_data::Why::Operator)
            .query(sql, binds, "testing")
            .await
            .unwrap();
        for folder in std::fs::read_dir(w.app.config.data_dir.join("media")).unwrap() {
            for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
                let file = std::fs::File::options().write(true).open(file.unwrap().path()).unwrap();
                file.set_modified(std::time::UNIX_EPOCH).unwrap();
            }
        }
        w.clock.advance(chrono::Duration::hours(2));
        igny8_server::jobs::schedule::run_due(&w.app).await;
        left.push(files(&w));
        let _ = path;
    }
    assert_eq!(left, [1, 0], "the other account's row keeps it");
}
