//! Settings of providers that people may log in with: a client id and a secret each, as text or in a file.

use super::{SettingError, Source, environment_name};
use crate::Secret;
use std::path::PathBuf;

/// Logging in with an account elsewhere; a provider without client id is not offered.
#[derive(Debug, Clone, Default)]
pub struct SignInSettings {
    /// Google.
    pub google: Option<ClientSettings>,
    /// GitHub, and where it is: `https://github.com` or one's own GitHub Enterprise Server.
    pub github: Option<(ClientSettings, String)>,
    /// Any other provider of OpenID Connect: the issuer's address and the name on the button.
    pub oidc: Option<(ClientSettings, String, String)>,
}

/// What a provider knows us by.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// The client id.
    pub id: String,
    /// The client secret.
    pub secret: ClientSecret,
}

/// Where a client secret is.
#[derive(Debug, Clone)]
pub enum ClientSecret {
    /// In the settings.
    Text(Secret),
    /// In a file of its own, whose line ends do not count.
    File(PathBuf),
}

impl Source {
    /// The client of a provider: an id, and a secret in one of two places.
    fn client(&mut self, provider: &str) -> Result<Option<ClientSettings>, SettingError> {
        let id_name = format!("sign_in.{provider}_client_id");
        let secret_name = format!("sign_in.{provider}_client_secret");
        let id = self.optional(&id_name);
        let secret = self.optional(&secret_name).map(|text| ClientSecret::Text(Secret::new(text)));
        let file = self.optional(&format!("{secret_name}_file")).map(|path| ClientSecret::File(path.into()));
        match (id, secret, file) {
            (None, None, None) => Ok(None),
            (Some(id), Some(secret), None) | (Some(id), None, Some(secret)) => {
                Ok(Some(ClientSettings { id, secret }))
            }
            (id, ..) => Err(SettingError {
                name: environment_name(if id.is_some() { &secret_name } else { &id_name }),
                problem: "set the client id, and its secret either as text or as a file".into(),
                example: "NCLC_SIGN_IN_GOOGLE_CLIENT_SECRET_FILE=/run/secrets/google",
            }),
        }
    }

    pub(super) fn sign_in(&mut self) -> Result<SignInSettings, SettingError> {
        let address = |text: &str| {
            let fine =
                (text.starts_with("https://") || text.starts_with("http://")) && !text.contains(['?', '#']);
            fine.then(|| text.trim_end_matches('/').to_owned())
        };
        let github = self.client("github")?;
        let github_url = self.take(
            "sign_in.github_url",
            "https://github.com".to_owned(),
            "https://github.example.com",
            address,
        )?;
        let oidc = self.client("oidc")?;
        // An issuer is compared letter by letter: a slash at its end stays.
        let issuer = self.take("sign_in.oidc_issuer", None, "https://login.example.com", |text| {
            address(text).map(|_| Some(text.to_owned()))
        })?;
        let name = self.optional("sign_in.oidc_name");
        let oidc = match (oidc, issuer) {
            (None, None) => None,
            (Some(client), Some(issuer)) => {
                Some((client, issuer, name.unwrap_or_else(|| "Single sign-on".into())))
            }
            (client, _) => {
                return Err(SettingError {
                    name: environment_name(if client.is_some() {
                        "sign_in.oidc_issuer"
                    } else {
                        "sign_in.oidc_client_id"
                    }),
                    problem: "set both the issuer and the client, or neither".into(),
                    example: "NCLC_SIGN_IN_OIDC_ISSUER=https://login.example.com",
                });
            }
        };
        Ok(SignInSettings {
            google: self.client("google")?,
            github: github.map(|client| (client, github_url)),
            oidc,
        })
    }
}
