//! The client against a real server on this machine, and the guard against many evil addresses.
//! `tests/*.der`: a root made for these tests, and a certificate of it for `idp.test`.

mod evil;
mod server;

use crate::{Guard, Http, Names};
use kernel_core::outgoing::{Failure, Method, Outgoing as _, Request};
use rustls::pki_types::CertificateDer;
use server::Server;
use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The answers of a name and how often it was asked.
type Answers = (Vec<Vec<IpAddr>>, usize);

/// Names with the answers they give, one after the other; the last one stays.
#[derive(Clone, Default)]
struct Table(Arc<Mutex<HashMap<String, Answers>>>);

impl Table {
    fn of(entries: &[(&str, &[&str])]) -> Self {
        let table = Self::default();
        for (name, answers) in entries {
            let answers = answers
                .iter()
                .map(|answer| answer.split(' ').map(|address| address.parse().unwrap()).collect())
                .collect();
            table.0.lock().unwrap().insert((*name).to_owned(), (answers, 0));
        }
        table
    }
    fn asked(&self, name: &str) -> usize {
        self.0.lock().unwrap()[name].1
    }
}

impl Names for Table {
    fn addresses<'a>(
        &'a self,
        name: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, Failure>> + Send + 'a>> {
        Box::pin(async move {
            let mut table = self.0.lock().unwrap();
            let (answers, asked) = table.get_mut(name).ok_or_else(|| Failure::Name(name.to_owned()))?;
            let answer = answers[(*asked).min(answers.len() - 1)].clone();
            *asked += 1;
            Ok(answer)
        })
    }
}

fn client(allow: &[&str], names: Table) -> Http {
    let allow: Vec<String> = allow.iter().map(|entry| (*entry).to_owned()).collect();
    let root = CertificateDer::from(include_bytes!("tests/root.der").to_vec());
    let guard = Guard::new(&allow, &["nclc.example", "sites.nclc.example"]).unwrap();
    Http::with(guard, Box::new(names), vec![root]).unwrap()
}

fn get(url: impl Into<String>) -> Request {
    Request { timeout: Duration::from_secs(10), ..Request::new(Method::Get, url) }
}

#[tokio::test]
async fn a_request_arrives_and_its_answer_comes_back() {
    let server = Server::plain("HTTP/1.1 201 Created\r\nx-a: b\r\ncontent-length: 5\r\n\r\nhello").await;
    let http = client(&["127.0.0.1"], Table::default());
    let request = Request::new(Method::Post, format!("{}/in?a=b#part", server.origin()))
        .header("authorization", "Bearer x")
        .body("application/json", "{}");
    let answer = http.send(&request).await.unwrap();
    assert_eq!(
        (answer.status, answer.header("x-a"), answer.body.as_slice()),
        (201, Some("b"), &b"hello"[..])
    );
    let heard = server.heard();
    assert!(heard[0].starts_with("POST /in?a=b HTTP/1.1\r\n"), "{heard:?}");
    for part in
        ["authorization: Bearer x", "content-length: 2", "content-type: application/json", "\r\n\r\n{}"]
    {
        assert!(heard[0].contains(part), "{part} in {heard:?}");
    }
    assert!(heard[0].contains(&format!("host: 127.0.0.1:{}", server.port)));
}

#[tokio::test]
async fn tls_needs_the_right_name_and_a_trusted_root() {
    let server = Server::tls("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let names = Table::of(&[("idp.test", &["127.0.0.1"]), ("other.test", &["127.0.0.1"])]);
    let http = client(&["127.0.0.0/8"], names.clone());
    let answer = http.send(&get(format!("https://idp.test:{}/", server.port))).await.unwrap();
    assert_eq!(answer.body, b"ok");
    let wrong = http.send(&get(format!("https://other.test:{}/", server.port))).await.unwrap_err();
    assert!(matches!(wrong, Failure::Tls(_)), "{wrong}");
    let guard = Guard::new(&["127.0.0.1".to_owned()], &[]).unwrap();
    let strangers = Http::with(guard, Box::new(names), Vec::new()).unwrap();
    let wrong = strangers.send(&get(format!("https://idp.test:{}/", server.port))).await.unwrap_err();
    assert!(matches!(wrong, Failure::Tls(_)), "{wrong}");
    let plain = Server::rude("220 mail.example ESMTP\r\n").await;
    let wrong = http.send(&get(format!("https://idp.test:{}/", plain.port))).await.unwrap_err();
    assert!(matches!(wrong, Failure::Tls(_)), "{wrong}");
}

#[tokio::test]
async fn a_name_is_looked_up_once_and_the_judged_address_is_used() {
    // The same port on two addresses of this machine; the name moves to the other one at the second look-up.
    let server = Server::plain("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood").await;
    let names = Table::of(&[("moving.test", &["127.0.0.1", "127.0.0.2"])]);
    let http = client(&["127.0.0.1"], names.clone());
    let url = format!("http://moving.test:{}/", server.port);
    assert_eq!(http.send(&get(&url)).await.unwrap().body, b"good");
    assert_eq!(names.asked("moving.test"), 1);
    let refused = http.send(&get(&url)).await.unwrap_err();
    assert!(matches!(refused, Failure::Refused(_)), "the second answer is judged anew: {refused}");
    let mixed = Table::of(&[("mixed.test", &["127.0.0.1 10.0.0.1"])]);
    let refused = client(&["127.0.0.1"], mixed).send(&get("https://mixed.test/")).await.unwrap_err();
    assert!(matches!(refused, Failure::Refused(_)), "one bad address of several refuses the name: {refused}");
}

#[tokio::test]
async fn every_redirect_is_judged() {
    let names = Table::of(&[
        ("a.test", &["127.0.0.1"]),
        ("inside.test", &["10.0.0.1"]),
        ("metadata.test", &["169.254.169.254"]),
    ]);
    let http = client(&["127.0.0.1"], names);
    let follow = |url: String| Request { redirects: 9, ..get(url).header("authorization", "Bearer x") };
    for (to, why) in [
        ("http://10.0.0.1/", "https://"),
        ("https://10.0.0.1/", "public internet"),
        ("https://inside.test/", "public internet"),
        ("https://metadata.test/latest/meta-data", "public internet"),
        ("//169.254.169.254/latest", "https://"),
        ("file:///etc/passwd", "https://"),
        ("gopher://127.0.0.1:70/", "https://"),
        ("https://[::1]/", "public internet"),
        ("https://user:pass@a.test/", "user name"),
        ("https://app.nclc.example/", "nobody knows"),
    ] {
        let server = Server::redirecting(to).await;
        let failure = http.send(&follow(server.origin())).await.unwrap_err();
        let expected = match failure {
            Failure::Refused(ref found) => found.contains(why),
            Failure::Name(_) => why == "nobody knows",
            _ => false,
        };
        assert!(expected, "{to}: {failure}");
    }
    let last = Server::plain("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nend").await;
    let first = Server::redirecting(&format!("http://a.test:{}/x", last.port)).await;
    assert_eq!(http.send(&follow(first.origin())).await.unwrap().body, b"end");
    assert!(first.heard()[0].contains("authorization") && !last.heard()[0].contains("authorization"));
    // Not followed when nobody asked, nor after a POST.
    assert_eq!(http.send(&get(first.origin())).await.unwrap().status, 302);
    let post = Request { redirects: 3, ..Request::new(Method::Post, first.origin()).body("a/b", "secret") };
    assert_eq!(http.send(&post).await.unwrap().status, 302);
    let round = Server::redirecting("/again").await;
    assert_eq!(http.send(&follow(round.origin())).await.unwrap_err(), Failure::Redirects);
    assert_eq!(round.heard().len(), 4, "the first one and three redirects");
    let nowhere = Server::plain("HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(http.send(&follow(nowhere.origin())).await.unwrap_err(), Failure::Redirects);
}

#[tokio::test]
async fn a_secure_address_does_not_lead_on_to_one_that_is_not() {
    let plain = Server::plain("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let answer = format!("HTTP/1.1 302 Found\r\nlocation: {}/\r\ncontent-length: 0\r\n\r\n", plain.origin());
    let secure = Server::tls(&answer).await;
    let http = client(&["127.0.0.1"], Table::of(&[("idp.test", &["127.0.0.1"])]));
    let request = Request { redirects: 3, ..get(format!("https://idp.test:{}/", secure.port)) };
    let failure = http.send(&request).await.unwrap_err();
    assert!(matches!(&failure, Failure::Refused(why) if why.contains("leads on")), "{failure}");
    assert!(plain.heard().is_empty());
}

#[tokio::test]
async fn answers_that_are_too_long_too_slow_or_broken_end() {
    let http = client(&["127.0.0.1"], Table::default());
    let declared =
        Server::plain(&format!("HTTP/1.1 200 OK\r\ncontent-length: 2000\r\n\r\n{}", "x".repeat(2000))).await;
    let small = Request { limit: 1999, ..get(declared.origin()) };
    assert_eq!(http.send(&small).await.unwrap_err(), Failure::TooLarge(1999));
    assert_eq!(http.send(&Request { limit: 2000, ..get(declared.origin()) }).await.unwrap().body.len(), 2000);
    let endless = Server::endless().await;
    assert_eq!(http.send(&get(endless.origin())).await.unwrap_err(), Failure::TooLarge(1 << 20));
    let silent = Server::plain("").await;
    let short = Duration::from_millis(300);
    let slow = Request { timeout: short, ..get(silent.origin()) };
    assert_eq!(http.send(&slow).await.unwrap_err(), Failure::Timeout(short));
    for answer in ["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", "SSH-2.0-OpenSSH\r\n"] {
        let server = Server::closing(answer).await;
        let failure = http.send(&get(server.origin())).await.unwrap_err();
        assert!(matches!(failure, Failure::Connection(_)), "{answer}: {failure}");
    }
    let huge = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(400_000));
    let failure = http.send(&get(Server::plain(&huge).await.origin())).await.unwrap_err();
    assert!(matches!(failure, Failure::Connection(_)), "{failure}");
    let port = Server::free_port().await;
    let failure = http.send(&get(format!("http://127.0.0.1:{port}/"))).await.unwrap_err();
    assert_eq!(failure, Failure::Connection("nothing listens there".into()));
}
