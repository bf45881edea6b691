//! The settings as a list of keys and values, in the order in which they are documented: what is in force, defaults filled
//! in, for people to read and for a reload to compare.

mod list;

use std::fmt;

use serde_json::Value;

use self::list::List;
use super::Settings;

/// A setting that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its key, with the sections that it is in, dots between.
    pub key: String,
    /// Its value.
    pub value: Shown,
}

/// A value, as it may be shown.
#[derive(Clone, PartialEq, Eq)]
pub enum Shown {
    /// As it would stand in a file.
    Plain(Value),
    /// A URL, whose query nobody is shown.
    Url(String),
    /// Never shown.
    Secret(String),
}

impl Shown {
    /// The same value, never shown.
    fn hidden(&self) -> Self {
        match self {
            Self::Plain(value) => Self::Secret(value.to_string()),
            Self::Url(text) | Self::Secret(text) => Self::Secret(text.clone()),
        }
    }

    /// What people see of it.
    pub fn visible(&self) -> Value {
        match self {
            Self::Plain(value) => value.clone(),
            Self::Url(url) => match url.split_once('?') {
                Some((visible, _)) => format!("{visible}?(hidden)").into(),
                None => url.clone().into(),
            },
            Self::Secret(_) => "(hidden)".into(),
        }
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visible().fmt(f)
    }
}

impl Settings {
    /// All settings that are in force, defaults among them. What is not set, and has no default, is not in it.
    pub fn effective(&self) -> Vec<Setting> {
        let mut list = List::default();
        list.text("listen", &self.listen);
        if let Some(tls) = &self.tls {
            list.tls("tls", tls);
        }
        if let Some(admin) = &self.admin {
            list.admin(admin);
        }
        if let Some(auth) = &self.auth {
            list.auth(auth);
        }
        list.identity(self);
        list.section("services");
        for service in &self.services {
            list.text(&service.name, &service.address);
        }
        if let Some(telemetry) = &self.telemetry {
            list.telemetry(telemetry);
        }
        list.log(&self.log);
        list.limits(self);
        list.secrets(&self.secrets.sources);
        list.section("");
        list.texts("trusted_proxies", &self.trusted_proxies);
        if let Some(cors) = &self.cors {
            list.cors(cors);
        }
        list.section("response_headers");
        list.plain("proxy_status", self.response_headers.proxy_status);
        list.plain("server_timing", self.response_headers.server_timing);
        if let Some(compression) = &self.compression {
            list.section("compression");
            list.texts("types", &compression.types);
            list.size("minimum", compression.minimum.into());
        }
        list.section("zeromq");
        list.plain("connections", self.zeromq.connections);
        list.size("reply_bytes", self.zeromq.reply_bytes);
        list.size("held_bytes", self.zeromq.held_bytes as u64);
        list.section("");
        list.duration("shutdown_grace", self.shutdown_grace);
        list.plain("threads", self.threads);
        let mut settings = list.finish();
        for setting in settings.iter_mut().filter(|setting| self.secrets.hides(&setting.key)) {
            setting.value = setting.value.hidden();
        }
        settings
    }
}
