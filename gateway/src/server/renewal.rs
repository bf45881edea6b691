//! Certificates that are replaced while the gateway serves: their files are looked at, and read again when they are others.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::control::Control;
use crate::materials::Materials;
use crate::rules::Rules;
use crate::tls::Files;

/// How often the files are looked at.
pub(super) const LOOK: Duration = Duration::from_secs(1);

/// How often what an operator should look at is said again.
const REMINDER: Duration = Duration::from_hours(24);

/// What was seen of the files.
pub(super) struct Renewal {
    /// How they looked last.
    seen: Files,
    /// How they looked when they could not be used.
    refused: Option<Files>,
    reminded: Instant,
}

impl Renewal {
    pub(super) fn of(materials: &Materials) -> Self {
        Self { seen: materials.files.clone(), refused: None, reminded: Instant::now() }
    }
}

impl Control {
    /// Serves with the certificates that the files hold now, if they are others than before. A certificate and its key are
    /// two files: they are read when they have not changed between two looks.
    pub(super) async fn look_after_certificates(&mut self) {
        if self.materials.tls.is_none() && self.materials.admin_tls.is_none() {
            return;
        }
        let files = Files::of(&self.settings);
        let is_settled = files == self.renewal.seen;
        self.renewal.seen = files.clone();
        if is_settled && files != self.materials.files && self.renewal.refused.as_ref() != Some(&files) {
            self.renew(files).await;
        }
        if self.renewal.reminded.elapsed() >= REMINDER {
            self.renewal.reminded = Instant::now();
            self.materials.warn(&self.settings);
        }
    }

    async fn renew(&mut self, files: Files) {
        let earlier = Arc::clone(&self.rules.borrow());
        let read = Materials::read(&self.settings, self.table, None).map_err(|error| error.to_string());
        let made = read.and_then(|materials| {
            let rules = Rules::new(&self.settings, &materials, self.table, earlier.key_refresh.clone(), Some(&earlier));
            rules.map(|rules| (materials, rules)).map_err(|error| error.to_string())
        });
        match made {
            Ok((materials, rules)) => {
                materials.warn(&self.settings);
                self.materials = materials;
                self.hand_out(Arc::new(rules)).await;
                tracing::info!("the certificates have been replaced");
            }
            Err(reason) => {
                tracing::error!(reason, "the certificates cannot be replaced, those in force stay");
                self.renewal.refused = Some(files);
            }
        }
    }
}
