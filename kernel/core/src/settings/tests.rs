use super::*;

fn load(file: &str, environment: &[(&str, &str)]) -> Result<Settings, SettingError> {
    Settings::load(file, environment.iter().map(|(name, value)| ((*name).into(), (*value).into())))
}

#[test]
fn defaults_serve_a_developers_machine() {
    let settings = load("", &[]).unwrap();
    assert_eq!(settings.site.origin("app"), "http://app.nclc.localhost:8080");
    assert_eq!(settings.site.site_origin("bakery"), "http://bakery.sites.nclc.localhost:8080");
}

#[test]
fn the_environment_wins_over_the_file() {
    let file = "[http]\nlisten = \"0.0.0.0:80\"\nportals = [\"www\", \"app\"]";
    let settings = load(file, &[("NCLC_HTTP_LISTEN", "127.0.0.1:9000"), ("PATH", "/bin")]).unwrap();
    assert_eq!(settings.http.listen.port(), 9000);
    assert_eq!(settings.http.portals, ["www", "app"]);
}

#[test]
fn mistakes_name_the_setting_and_give_an_example() {
    for (file, environment, name) in [
        ("", vec![("NCLC_HTTP_LISTEN", "nowhere")], "NCLC_HTTP_LISTEN"),
        ("", vec![("NCLC_HTTP_PORT", "1")], "NCLC_HTTP_PORT"),
        ("[http]\nlistn = 1", vec![], "http.listn"),
        ("[http", vec![], "the settings file"),
        ("", vec![("NCLC_DATABASE_DATA_URL", "postgres://x")], "NCLC_DATABASE_*_URL"),
        ("", vec![("NCLC_SECURITY_SECRET_KEY", "abc")], "NCLC_SECURITY_SECRET_KEY"),
        ("", vec![("NCLC_SIGN_IN_GOOGLE_CLIENT_ID", "x")], "NCLC_SIGN_IN_GOOGLE_CLIENT_SECRET"),
        ("", vec![("NCLC_SIGN_IN_GITHUB_CLIENT_SECRET", "x")], "NCLC_SIGN_IN_GITHUB_CLIENT_ID"),
        ("", vec![("NCLC_SIGN_IN_OIDC_ISSUER", "https://a.example")], "NCLC_SIGN_IN_OIDC_CLIENT_ID"),
        ("", vec![("NCLC_SIGN_IN_OIDC_ISSUER", "a.example")], "NCLC_SIGN_IN_OIDC_ISSUER"),
        ("", vec![("NCLC_SECURITY_DNS_SERVER", "a.example")], "NCLC_SECURITY_DNS_SERVER"),
        ("", vec![("NCLC_FILES_SCANNER", "clamav:3310")], "NCLC_FILES_SCANNER"),
        ("", vec![("NCLC_FILES_SCANNER", "unix:clamd.ctl")], "NCLC_FILES_SCANNER"),
        ("", vec![("NCLC_FILES_SCANNER", "tcp:clamav")], "NCLC_FILES_SCANNER"),
        ("", vec![("NCLC_FILES_SCANNER", "tcp::3310")], "NCLC_FILES_SCANNER"),
        ("", vec![("NCLC_FILES_SCANNER", "tcp:clamav:0")], "NCLC_FILES_SCANNER"),
        ("", vec![("NCLC_SECURITY_FORMER_SECRET_KEYS", "abc")], "NCLC_SECURITY_FORMER_SECRET_KEYS"),
        ("", vec![("NCLC_HTTP_TLS_CERTIFICATE", "a.pem")], "NCLC_HTTP_TLS_KEY"),
        ("[http]\ntls_key = \"a\"", vec![], "NCLC_HTTP_TLS_CERTIFICATE"),
        ("[http]\ntls_key = \"a\"\ntls_certificate = \"b\"", vec![], "NCLC_HTTP_TLS_CERTIFICATE"),
        ("[http]\nredirect_listen = \"0.0.0.0:80\"", vec![], "NCLC_HTTP_REDIRECT_LISTEN"),
        ("[http]\ntls_private_authority = true", vec![], "NCLC_HTTP_TLS_PRIVATE_AUTHORITY"),
        ("", vec![("NCLC_LOGS_SYSLOG", "logs.example:514")], "NCLC_LOGS_SYSLOG"),
        ("", vec![("NCLC_LOGS_SYSLOG", "tls://:514")], "NCLC_LOGS_SYSLOG"),
        ("", vec![("NCLC_LOGS_SYSLOG", "tls://logs.example:0")], "NCLC_LOGS_SYSLOG"),
        ("", vec![("NCLC_LOGS_SYSLOG_AUTHORITY", "a.pem")], "NCLC_LOGS_SYSLOG_AUTHORITY"),
        (
            "development = false",
            vec![("NCLC_MAIL_SMTP_URL", "smtp://u:p@mail.example:25")],
            "NCLC_MAIL_SMTP_URL",
        ),
    ] {
        let error = load(file, &environment).unwrap_err();
        assert_eq!(error.name, name);
        assert!(!error.example.is_empty());
    }
}

#[test]
fn a_provider_has_an_id_and_a_secret() {
    let file = "[sign_in]\ngoogle_client_id = \"g\"\ngoogle_client_secret_file = \"/run/g\"\n\
        github_client_id = \"h\"\ngithub_client_secret = \"s\"\n\
        oidc_client_id = \"o\"\noidc_client_secret = \"s\"\noidc_issuer = \"https://idp.example/\"";
    let found = load(file, &[]).unwrap().sign_in;
    assert!(matches!(found.google.unwrap().secret, ClientSecret::File(path) if path.ends_with("g")));
    assert_eq!(found.github.unwrap().1, "https://github.com");
    let (client, issuer, name) = found.oidc.unwrap();
    assert_eq!(
        (client.id.as_str(), issuer.as_str(), name.as_str()),
        ("o", "https://idp.example/", "Single sign-on")
    );
    assert!(load("", &[]).unwrap().sign_in.google.is_none());
}

#[test]
fn a_scanner_is_named_by_its_socket() {
    assert!(load("", &[]).unwrap().files.scanner.is_none());
    let (unix, tcp) = ("unix:/run/clamav/clamd.ctl", "tcp:clamav.internal:3310");
    for (text, place) in [
        (unix, ScannerPlace::Unix("/run/clamav/clamd.ctl".into())),
        (tcp, ScannerPlace::Tcp("clamav.internal:3310".into())),
        ("tcp:[::1]:3310", ScannerPlace::Tcp("[::1]:3310".into())),
    ] {
        let files = load("", &[("NCLC_FILES_SCANNER", text)]).unwrap().files;
        assert_eq!((files.scanner, files.scanner_required), (Some(place), true), "{text}");
    }
    let files = load("[files]\nscanner_required = false", &[("NCLC_FILES_SCANNER", unix)]).unwrap().files;
    assert!(!files.scanner_required);
}

#[test]
fn every_name_is_read() {
    let mut all: BTreeMap<String, String> =
        NAMES.iter().map(|name| ((*name).into(), String::new())).collect();
    for name in NAMES {
        all.insert((*name).into(), "\u{1}".into());
        let single = BTreeMap::from([((*name).to_owned(), "\u{1}".to_owned())]);
        // A value that is nobody's is either refused, or kept as text: never ignored as unknown.
        if let Err(error) = Settings::from_source(Source(single)) {
            assert!(error.name.starts_with("NCLC_"), "{name}: {error}");
        }
    }
}

#[test]
fn mail_leaves_the_machine_encrypted() {
    for (url, fine) in [
        ("smtps://u:p@mail.example", true),
        ("smtp://u:p@mail.example:587?tls=required", true),
        ("smtp://u:p@mail.example:587?tls=opportunistic", false),
        ("smtp://mail.example", false),
        ("SMTP://u:p@mail.example", false),
        ("smtp://u:p@mail.example#tls=required", false),
        ("smtp://u:p@mail.example?x=tls=required", false),
        ("smtp://u:p@mail.example?tls=opportunistic&x=tls=required", false),
        ("smtp://u:p@mail.example?tls=opportunistic&tls=required", false),
        ("smtp://localhost@mail.example", false),
        ("smtp://localhost:25", true),
        ("smtp://127.0.0.1", true),
        ("smtp://[::1]:25", true),
    ] {
        let found = load("development = false", &[("NCLC_MAIL_SMTP_URL", url)]);
        assert_eq!(found.is_ok(), fine, "{url}");
        if let Err(error) = found {
            assert!(!error.to_string().contains(url), "{error}");
        }
        assert!(load("", &[("NCLC_MAIL_SMTP_URL", url)]).is_ok(), "in development: {url}");
    }
}

#[test]
fn a_receiver_of_logs_has_a_name_and_a_port() {
    for (text, host, port) in [
        ("tls://logs.example.com:6515", "logs.example.com", 6515),
        ("tls://logs.example.com", "logs.example.com", 6514),
        ("tls://192.0.2.7:10514/", "192.0.2.7", 10514),
        ("tls://[2001:db8::1]:6514", "2001:db8::1", 6514),
    ] {
        let found = load("", &[("NCLC_LOGS_SYSLOG", text)]).unwrap().logs.syslog.unwrap();
        assert_eq!((found.host.as_str(), found.port), (host, port), "{text}");
    }
}
