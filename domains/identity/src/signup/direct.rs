//! Accounts made without a mail: by the operator's own tools (demo data, benchmarks, tests), never by a request.

use super::store::INSERT_USER;
use crate::Identity;
use crate::model::{clean_email, clean_name, email_key};
use crate::password;
use kernel_core::{Code, Error, FieldError, Result, UserId};
use kernel_db::Database;

impl Identity {
    /// Makes an account whose address counts as confirmed. The password rules hold.
    ///
    /// # Errors
    /// Field errors as of [`Identity::sign_up`]; `already_exists` at `email`.
    pub async fn create_account(&self, name: &str, email: &str, password: &str) -> Result<UserId> {
        let one = |error: FieldError| Error::fields(vec![error]);
        let name = clean_name("name", name).map_err(one)?;
        let email = clean_email("email", email).map_err(one)?;
        password::check("password", password, &self.known_words(&name, &email)).map_err(one)?;
        let hash = self.0.hasher.hash(password).await?;
        let (user, key, now) = (UserId::new(), email_key(&email), self.now());
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        match tx.execute(&INSERT_USER, &[&user.uuid(), &email, &key, &name, &hash, &now]).await {
            Err(error) if error.constraint() == Some("users_email_key") => {
                return Err(Error::field("email", Code::AlreadyExists, "has an account already"));
            }
            made => made?,
        };
        tx.commit().await?;
        Ok(user)
    }
}
