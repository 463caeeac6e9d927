use super::*;

fn check(url: &str, encrypted: Result<bool, &str>) {
    match (read(url), encrypted) {
        (Ok((config, tls)), Ok(expected)) => {
            let mode = if expected { SslMode::Require } else { SslMode::Disable };
            assert_eq!((config.get_ssl_mode(), tls.0.is_some()), (mode, expected), "{url}");
        }
        (Err(problem), Err(part)) => {
            assert!(problem.contains(part), "{url}: {problem}");
            assert!(!problem.contains("s3cret"), "{url}: {problem}");
        }
        (found, expected) => panic!("{url}: {found:?}, expected {expected:?}"),
    }
}

#[test]
fn what_is_elsewhere_is_reached_by_tls() {
    for (url, encrypted) in [
        ("postgres://o:s3cret@db.example/c", Ok(true)),
        ("postgres://o:s3cret@10.0.0.1/c", Ok(true)),
        ("postgres://o@localhost,db.example/c", Ok(true)),
        ("postgres://o@db.example/c?sslmode=require", Ok(true)),
        ("postgres://o@db.example/c?sslmode=verify-full&sslrootcert=system", Ok(true)),
        ("postgres://o@db.example/c?sslmode=disable", Ok(false)),
        ("postgres://o@localhost/c", Ok(false)),
        ("postgres://o@127.0.0.1/c", Ok(false)),
        ("postgres://o@[::1]/c", Ok(false)),
        ("host=/run/postgresql user=o", Ok(false)),
        ("host=db.example hostaddr=127.0.0.1 user=o", Ok(false)),
        ("host=localhost hostaddr=192.0.2.7 user=o", Ok(true)),
        ("postgres://o@localhost/c?sslmode=verify-full", Ok(true)),
        // Whoever names authorities wants TLS, through a tunnel too.
        ("host=db.example hostaddr=127.0.0.1 user=o sslrootcert=/nowhere.pem", Err("/nowhere.pem")),
        ("postgres://o:s3cret@localhost:6432/c?sslrootcert=system", Ok(true)),
        // Parts of a password are no host.
        ("postgres://o:s3cret@t@db.example/c?sslmode=require", Err("%40")),
        ("postgres://o:p@s3cret?word@db.example/c?sslmode=require", Err("%40")),
        // What PostgreSQL's clients would do: try, and go on in the clear.
        ("postgres://o:s3cret@db.example/c?sslmode=prefer", Err("sslmode can be")),
        ("postgres://o:s3cret@db.example/c?sslmode=allow", Err("sslmode can be")),
        ("postgres://o:s3cret@db.example/c?sslmode=verify-ca&sslrootcert=/nowhere.pem", Err("/nowhere.pem")),
        ("postgres://o:s3cret@db.example:port/c", Err("invalid")),
        ("postgres://o:s3cret@db.example/c?nothing=s3cret", Err("nothing")),
    ] {
        check(url, encrypted);
    }
}

#[test]
fn a_name_counts_wherever_the_authorities_are_everybodys() {
    let mode = |url: &str| {
        let tls = read(url).unwrap().1;
        format!("{:?}", tls.0.unwrap())
    };
    let full = mode("postgres://o@db.example/c");
    for same in
        ["sslmode=verify-ca", "sslmode=verify-ca&sslrootcert=system", "sslmode=require&sslrootcert=system"]
    {
        let verifies_names = |config: &str| !config.contains("AnyName");
        assert!(
            verifies_names(&full) && verifies_names(&mode(&format!("postgres://o@db.example/c?{same}"))),
            "{same}"
        );
    }
    assert!(mode("postgres://o@db.example/c?sslmode=require").contains("AnyName(None)"));
}
