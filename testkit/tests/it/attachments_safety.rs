//! Files of cells: what is never shown in place, what addresses are good for, who sees what, what is no file.

use crate::attachments::{Cabinet, png};
use crate::permissions::{field_key, grant, table_no};
use kernel_core::access::TableGrant;
use kernel_core::{FieldLevel, Grants, Role};
use serde_json::{Value, json};
use testkit::run;

#[test]
fn what_could_run_is_never_shown_in_place() {
    run(async |system| {
        let at = Cabinet::new(system).await?;
        let mut flood = png();
        flood[16..24].copy_from_slice(&[0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50]);
        let mut polyglot = png();
        polyglot.extend(b"<script>alert(1)</script>");
        let truncated = png()[..40].to_vec();
        for (name, bytes, found, served, in_place) in [
            (
                "a.png",
                b"<svg xmlns='x' onload='alert(1)'/>".to_vec(),
                "image/svg+xml",
                "application/octet-stream",
                false,
            ),
            (
                "a.jpg",
                b"<!doctype html><script>1</script>".to_vec(),
                "text/html",
                "application/octet-stream",
                false,
            ),
            (
                "a.html",
                b"<p onclick=1><script src=x>".to_vec(),
                "text/html",
                "application/octet-stream",
                false,
            ),
            ("flood.png", flood, "image/png", "image/png", false),
            ("cut.png", truncated, "image/png", "image/png", false),
            ("both.png", polyglot, "image/png", "image/png", true),
            (
                "setup.png",
                b"MZ\x90\0\x03".to_vec(),
                "application/octet-stream",
                "application/octet-stream",
                false,
            ),
            ("empty", Vec::new(), "text/plain", "text/plain", false),
        ] {
            let file = at.upload(name, &bytes).await?;
            assert_eq!(file["type"], found, "{name}");
            assert_eq!(file["thumbnails"].is_object(), in_place, "{name}");
            let answer = at.download(&file["url"]).await?.expect(200)?;
            assert_eq!(answer.bytes, bytes, "{name}");
            assert_eq!(answer.header("content-type"), served, "{name}");
            assert_eq!(answer.header("content-disposition") == "inline", in_place, "{name}");
            assert_eq!(answer.header("content-security-policy"), "default-src 'none'; sandbox", "{name}");
        }
        let long = format!("{}.png", "x".repeat(3_000));
        let named = at.upload(&long, &png()).await?;
        assert_eq!(
            named["filename"].as_str().map(|name| (name.len(), name.ends_with(".png"))),
            Some((200, true))
        );
        let named = at.upload("..%2F..%2Fa%0D%0Ab%E2%80%AEgnp.exe", b"x").await?;
        assert_eq!(named["filename"], "abgnp.exe");
        Ok(())
    });
}

#[test]
fn addresses_are_no_use_to_anybody_else() {
    run(async |system| {
        let at = Cabinet::new(system).await?;
        let api = system.api();
        let file = at.upload("secret.txt", b"secret").await?;
        let url = file["url"].as_str().unwrap_or_default().to_owned();
        let path = url.strip_prefix(&api.origin()).unwrap_or_default().to_owned();
        let token = path.split('/').nth(2).unwrap_or_default().to_owned();
        let other = at.upload("other.txt", b"other").await?;
        let theirs =
            other["url"].as_str().unwrap_or_default().split('/').nth(4).unwrap_or_default().to_owned();
        // The head of one and the signature of the other.
        let mixed = format!("{}{}", &token[..53], &theirs[53..]);
        let turned = if &token[30..31] == "A" { "B" } else { "A" };
        let flipped = format!("{}{turned}{}", &token[..30], &token[31..]);
        for bad in [
            format!("/files/{token}/other.txt"),
            format!("/files/{mixed}/secret.txt"),
            format!("/files/{flipped}/secret.txt"),
            format!("/files/{}/secret.txt", &token[..60]),
            "/files/x/secret.txt".to_owned(),
            format!("/files/{token}/secret.txt?size=small"),
            format!("/files/{token}/secret.txt?size=huge"),
        ] {
            let answer = api.get(&bad).send().await?;
            assert_eq!(answer.status, 404, "{bad}");
            assert!(!answer.text.contains("secret\n") && answer.bytes != b"secret");
        }
        api.get(&path).send().await?.expect(200)?;

        // An id of another organisation's file, or its address, is nothing here.
        let stranger = Cabinet::new(system).await?;
        for said in [json!([{"id": file["id"]}]), json!([{"url": url}])] {
            let refused = stranger.write(&stranger.first, json!({"Files": said})).await?;
            assert_eq!(refused.status, 422, "{}", refused.text);
        }
        assert_eq!(stranger.cell(&stranger.first).await?, json!([]));
        Ok(())
    });
}

#[test]
fn who_does_not_see_a_file_can_not_have_it() {
    run(async |system| {
        let at = Cabinet::new(system).await?;
        let ours = &at.tenant;
        let file = at.upload("salaries.txt", b"secret").await?;
        at.write(&at.first, json!({"Files": [{"id": file["id"]}]})).await?.expect(200)?;
        let only_b = TableGrant { rows: Some("{Name} = \"b\"".into()), ..TableGrant::default() };
        let hidden = system.join(ours, Role::Editor).await?;
        let rows = system.join(ours, Role::Editor).await?;
        let all = system.join(ours, Role::Editor).await?;
        let grants =
            Grants { field: [(field_key(&at.files), FieldLevel::Hidden)].into(), ..Grants::default() };
        grant(system, ours, &hidden, &grants).await?;
        let grants = Grants { table: [(table_no(&at.table), only_b)].into(), ..Grants::default() };
        grant(system, ours, &rows, &grants).await?;

        // The id is no secret that opens anything: only who sees a cell with the file can put it into another.
        for (member, status) in [(&hidden, 422), (&rows, 422), (&all, 200)] {
            let answer =
                at.write_as(&member.token, &at.second, json!({"Files": [{"id": file["id"]}]})).await?;
            assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
        }
        let shown =
            system.api().get(&format!("/v1/records/{}", at.first)).token(&hidden.token).send().await?;
        assert!(!shown.text.contains("/files/"), "{}", shown.text);
        system
            .api()
            .get(&format!("/v1/records/{}", at.first))
            .token(&rows.token)
            .send()
            .await?
            .expect(404)?;
        let add = format!("/v1/records/{}/files?field=Files&name=a.txt", at.first);
        for (member, status) in [(&hidden, 422), (&rows, 404), (&all, 201)] {
            let answer = system.api().post(&add).token(&member.token).file(b"x").send().await?;
            assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
        }
        let viewer = system.join(ours, Role::Viewer).await?;
        at.upload_as(&viewer.token, "a.txt", b"x").await?.expect(403)?;
        at.download(&at.cell_as(&viewer.token, &at.first, "Files").await?[0]["url"]).await?.expect(200)?;
        Ok(())
    });
}

#[test]
fn what_is_no_file_is_refused_at_its_cell() {
    run(async |system| {
        let at = Cabinet::new(system).await?;
        let file = at.upload("a.txt", b"x").await?;
        let picture = at.upload("Ann.png", &png()).await?;
        let many: Vec<Value> = vec![json!({"id": file["id"]}); 101];
        for (fields, code) in [
            (json!({"Files": "a.txt"}), "wrong_type"),
            (json!({"Files": [5]}), "wrong_type"),
            (json!({"Files": [{"name": "a"}]}), "wrong_type"),
            (json!({"Files": ["att_1|5|image/png|2x2|forged.png"]}), "wrong_type"),
            (json!({"Files": [{"id": "att_0000000000000000000000"}]}), "unknown_record"),
            (json!({"Files": [{"id": "nonsense"}]}), "unknown_record"),
            (json!({"Files": many}), "too_long"),
            (json!({"Files": [{"url": "not an address"}]}), "invalid_value"),
            // The guard of outgoing requests: this machine's own network is no place to fetch from.
            (json!({"Files": [{"url": "http://127.0.0.1:1/a.png"}]}), "invalid_value"),
            (json!({"Files": [{"url": "http://169.254.169.254/latest/meta-data"}]}), "invalid_value"),
            (json!({"Files": [{"url": "file:///etc/passwd"}]}), "invalid_value"),
            (json!({"Signed": [{"id": file["id"]}]}), "invalid_value"),
            (json!({"Signed": [{"id": picture["id"]}, {"id": file["id"]}]}), "too_long"),
        ] {
            let refused = at.write(&at.first, fields.clone()).await?;
            assert_eq!(
                (refused.status.as_u16(), refused.code().as_str()),
                (422, code),
                "{fields}: {}",
                refused.text
            );
            assert!(
                refused.json()["errors"][0]["pointer"].as_str().unwrap_or_default().starts_with("#/fields/"),
                "{}",
                refused.text
            );
        }
        assert_eq!(at.cell(&at.first).await?, json!([]));
        let written = at
            .write(&at.first, json!({"Signed": {"id": picture["id"], "filename": "Ann Other.png"}}))
            .await?;
        assert_eq!(written.expect(200)?.json()["fields"]["Signed"]["filename"], "Ann Other.png");
        at.write(&at.first, json!({"Signed": null})).await?.expect(200)?;

        // By its own address, also as an export writes it.
        let url = file["url"].as_str().unwrap_or_default();
        at.write(&at.first, json!({"Files": [{"url": url, "filename": "b.txt"}]})).await?.expect(200)?;
        assert_eq!(at.cell(&at.first).await?[0]["filename"], "b.txt");
        let body = json!({"fields": {"Files": format!("c.txt ({url})")}, "typecast": true});
        let path = format!("/v1/records/{}", at.second);
        system.api().patch(&path).token(&at.tenant.token).json(&body).send().await?.expect(200)?;
        assert_eq!(at.cell(&at.second).await?[0]["filename"], "c.txt");
        let default =
            json!({"name": "D", "type": "attachment", "options": {"default": [{"id": file["id"]}]}});
        let path = format!("/v1/tables/{}/fields", at.table);
        system.api().post(&path).token(&at.tenant.token).json(&default).send().await?.expect(422)?;
        Ok(())
    });
}
