//! Against a small SMTP server on a real socket, which keeps what it was sent or refuses as told.

use super::*;
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// One delivered message: sender, recipients, and the data as it came.
#[derive(Debug)]
struct Delivered {
    from: String,
    to: Vec<String>,
    data: String,
}

/// Starts a server that answers `RCPT TO` with `recipient_answer`.
async fn server(recipient_answer: &'static str) -> (SocketAddr, mpsc::UnboundedReceiver<Delivered>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(session(stream, recipient_answer, sender.clone()));
        }
    });
    (address, receiver)
}

async fn session(stream: TcpStream, recipient_answer: &str, delivered: mpsc::UnboundedSender<Delivered>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 sink\r\n").await.unwrap();
    let (mut from, mut to) = (String::new(), Vec::new());
    while let Ok(Some(line)) = lines.next_line().await {
        let command = line.to_ascii_uppercase();
        let answer = if command.starts_with("EHLO") {
            "250-sink\r\n250 8BITMIME".to_owned()
        } else if command.starts_with("MAIL FROM") {
            from = address_in(&line);
            "250 ok".to_owned()
        } else if command.starts_with("RCPT TO") {
            to.push(address_in(&line));
            recipient_answer.to_owned()
        } else if command == "DATA" {
            write.write_all(b"354 go on\r\n").await.unwrap();
            let mut data = String::new();
            while let Ok(Some(line)) = lines.next_line().await {
                if line == "." {
                    break;
                }
                data.push_str(line.strip_prefix('.').unwrap_or(&line));
                data.push('\n');
            }
            let mail = Delivered { from: std::mem::take(&mut from), to: std::mem::take(&mut to), data };
            delivered.send(mail).unwrap();
            "250 taken".to_owned()
        } else if command == "QUIT" {
            write.write_all(b"221 bye\r\n").await.unwrap();
            return;
        } else {
            "250 ok".to_owned()
        };
        if write.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
            return;
        }
    }
}

fn address_in(line: &str) -> String {
    line.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}

fn mail(to: &str) -> Mail {
    Mail {
        to: to.into(),
        subject: "Bestätige deine Adresse".into(),
        text: "Open https://example.com/verify?token=abc\n.a line with a dot".into(),
        html: "<p>Open <a href=\"https://example.com/verify?token=abc\">it</a></p>".into(),
    }
}

fn smtp(address: SocketAddr) -> Smtp {
    Smtp::new(&Secret::new(format!("smtp://{address}")), "NCLC <hello@example.com>").unwrap()
}

#[tokio::test]
async fn both_forms_reach_the_server() {
    let (address, mut delivered) = server("250 ok").await;
    let smtp = smtp(address);
    for to in ["ana@example.org", "Jürg <jurg@example.org>"] {
        smtp.send(&mail(to)).await.unwrap();
    }
    let first = delivered.recv().await.unwrap();
    assert_eq!(
        (first.from.as_str(), first.to.as_slice()),
        ("hello@example.com", &["ana@example.org".to_owned()][..])
    );
    for part in
        ["multipart/alternative", "text/plain", "text/html", "From: NCLC <hello@example.com>", "=?utf-8?b?"]
    {
        assert!(first.data.contains(part), "{part}: {}", first.data);
    }
    assert_eq!(delivered.recv().await.unwrap().to, ["jurg@example.org"], "the connection is used again");
}

#[tokio::test]
async fn a_refusal_and_a_dead_server_are_mail_failed() {
    let (address, mut delivered) = server("550 no such person").await;
    assert_eq!(smtp(address).send(&mail("a@example.org")).await.unwrap_err().code(), Code::MailFailed);
    assert!(delivered.try_recv().is_err());
    let gone = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    assert_eq!(smtp(gone).send(&mail("a@example.org")).await.unwrap_err().code(), Code::MailFailed);
}

#[tokio::test]
async fn no_header_can_be_smuggled_in() {
    let (address, mut delivered) = server("250 ok").await;
    let mut evil = mail("a@example.org");
    evil.subject = "Hello\r\nBcc: other@example.org".into();
    smtp(address).send(&evil).await.unwrap();
    let got = delivered.recv().await.unwrap();
    assert_eq!(got.to, ["a@example.org"]);
    assert!(!got.data.lines().any(|line| line.starts_with("Bcc:")), "{}", got.data);
    let error = smtp(address).send(&mail("a@example.org\r\nBcc: b@example.org")).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidValue);
}

#[tokio::test]
async fn bad_settings_name_the_setting_and_keep_the_password() {
    let url = Secret::new("imap://user:hunter2@mail.example.com");
    let error = Smtp::new(&url, "a@example.com").unwrap_err().to_string();
    assert!(error.contains("NCLC_MAIL_SMTP_URL") && !error.contains("hunter2"), "{error}");
    let error = Smtp::new(&Secret::new("smtp://localhost"), "nobody").unwrap_err().to_string();
    assert!(error.contains("NCLC_MAIL_FROM"), "{error}");
    assert!(!format!("{:?}", smtp(SocketAddr::from(([127, 0, 0, 1], 25)))).contains("password"));
}
