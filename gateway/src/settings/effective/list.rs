//! The list of settings while it grows, section by section.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Setting, Shown};
use crate::secrets::{IdentitySource, IdentitySources};
use crate::settings::units::{show_duration, show_size};
use crate::settings::{
    AdminSettings, AuthSettings, CorsOrigins, CorsSettings, HttpUrl, KeySource, LogLevel, LogSettings,
    RevocationSource, ServiceTokenSettings, Settings, TelemetryFormat, TelemetrySettings, TlsSettings, TlsVersion,
};

/// The list while it grows.
#[derive(Default)]
pub(super) struct List {
    section: String,
    settings: Vec<Setting>,
}

impl List {
    /// All of it.
    pub(super) fn finish(self) -> Vec<Setting> {
        self.settings
    }

    pub(super) fn section(&mut self, section: &str) {
        section.clone_into(&mut self.section);
    }

    fn push(&mut self, key: &str, value: Shown) {
        let key = if self.section.is_empty() { key.to_owned() } else { format!("{}.{key}", self.section) };
        self.settings.push(Setting { key, value });
    }

    pub(super) fn plain(&mut self, key: &str, value: impl Into<Value>) {
        self.push(key, Shown::Plain(value.into()));
    }

    pub(super) fn text(&mut self, key: &str, value: &impl ToString) {
        self.plain(key, value.to_string());
    }

    pub(super) fn texts(&mut self, key: &str, values: &[impl ToString]) {
        self.plain(key, values.iter().map(|value| value.to_string().into()).collect::<Vec<Value>>());
    }

    pub(super) fn duration(&mut self, key: &str, value: Duration) {
        self.plain(key, show_duration(value));
    }

    pub(super) fn size(&mut self, key: &str, bytes: u64) {
        self.plain(key, show_size(bytes));
    }

    fn path(&mut self, key: &str, path: &Path) {
        self.plain(key, path.display().to_string());
    }

    fn url(&mut self, key: &str, url: &HttpUrl) {
        self.push(key, Shown::Url(url.to_string()));
    }

    fn level(&mut self, key: &str, level: Option<LogLevel>) {
        self.plain(key, level.map_or("off", LogLevel::name));
    }

    /// Where what opens secrets is; what it is, nobody is shown.
    pub(super) fn secrets(&mut self, sources: &IdentitySources) {
        for (section, source) in [("secrets.identity", &sources.identity), ("secrets.passphrase", &sources.passphrase)]
        {
            self.section(section);
            match source {
                None => {}
                Some(IdentitySource::File(path)) => self.path("file", path),
                Some(IdentitySource::Variable(name)) => self.plain("env", name.as_str()),
                Some(IdentitySource::Descriptor(number)) => self.plain("fd", *number),
            }
        }
    }

    pub(super) fn tls(&mut self, section: &str, tls: &TlsSettings) {
        self.section(section);
        self.path("certificate", &tls.pair.certificate);
        self.path("private_key", &tls.pair.private_key);
        self.plain("minimum", if tls.minimum == TlsVersion::V1_2 { "1.2" } else { "1.3" });
        if !tls.by_name.is_empty() {
            let show = |path: &Path| path.display().to_string();
            let pairs = tls.by_name.iter();
            let pairs = pairs
                .map(|pair| json!({ "certificate": show(&pair.certificate), "private_key": show(&pair.private_key) }));
            self.plain("by_name", pairs.collect::<Vec<Value>>());
        }
        if let Some(clients) = &tls.clients {
            self.section(&format!("{section}.clients"));
            self.path("issuers", &clients.issuers);
            self.plain("required", clients.is_required);
        }
    }

    pub(super) fn admin(&mut self, admin: &AdminSettings) {
        self.section("admin");
        self.text("listen", &admin.listen);
        if let Some(role) = &admin.required_role {
            self.plain("required_role", role.claim.as_str());
        }
        self.texts("hosts", &admin.hosts);
        if let Some(tls) = &admin.tls {
            self.tls("admin.tls", tls);
        }
    }

    pub(super) fn auth(&mut self, auth: &AuthSettings) {
        self.section("auth");
        self.plain("issuer", auth.issuer.as_str());
        self.plain("audience", auth.audience.as_str());
        self.texts("algorithms", &auth.algorithms.iter().map(|algorithm| algorithm.name()).collect::<Vec<_>>());
        self.duration("leeway", auth.leeway);
        self.texts("types", &auth.types);
        if let Some(max_age) = auth.max_age {
            self.duration("max_age", max_age);
        }
        self.size("max_bytes", auth.max_bytes as u64);
        self.plain("roles_claim", auth.roles_claim.join("."));
        self.section("auth.jwks");
        match &auth.jwks.source {
            KeySource::Url(url) => self.url("url", url),
            KeySource::File(path) => self.path("file", path),
            KeySource::Inline(keys) => self.push("inline", Shown::Secret(keys.0.clone())),
        }
        self.duration("refresh", auth.jwks.refresh);
        self.duration("grace", auth.jwks.grace);
        if let Some(cache) = &auth.jwks.cache {
            self.path("cache", cache);
        }
        let Some(revocations) = &auth.revocations else { return };
        self.section("auth.revocations");
        match &revocations.source {
            RevocationSource::Url(url) => self.url("url", url),
            RevocationSource::File(path) => self.path("file", path),
        }
        self.duration("refresh", revocations.refresh);
        if let Some(cache) = &revocations.cache {
            self.path("cache", cache);
        }
    }

    pub(super) fn identity(&mut self, settings: &Settings) {
        let identity = &settings.identity;
        self.section("identity");
        self.plain("headers", identity.headers);
        self.texts("authorization", &identity.authorization.iter().map(|service| &service.name).collect::<Vec<_>>());
        self.texts("drop", &identity.drop);
        if let Some(token) = &identity.token {
            self.token(token);
        }
    }

    fn token(&mut self, token: &ServiceTokenSettings) {
        self.section("identity.token");
        self.path("private_key", &token.private_key);
        self.plain("algorithm", token.algorithm.name());
        self.duration("lifetime", token.lifetime);
        self.plain("issuer", token.issuer.as_str());
        self.plain("correlation_id", token.correlation_id);
    }

    pub(super) fn telemetry(&mut self, telemetry: &TelemetrySettings) {
        self.section("telemetry");
        self.url("url", &telemetry.url);
        self.duration("interval", telemetry.interval);
        self.plain("format", if telemetry.format == TelemetryFormat::Otlp { "otlp" } else { "json" });
        self.plain("metrics_path", telemetry.metrics_path.as_str());
        self.plain("logs_path", telemetry.logs_path.as_str());
        self.level("log_level", telemetry.log_level);
        if let Some(traces) = &telemetry.traces {
            self.section("telemetry.traces");
            self.url("url", &traces.url);
            self.plain("sample", json!(traces.sample));
        }
    }

    pub(super) fn log(&mut self, log: &LogSettings) {
        self.section("log");
        self.level("level", Some(log.level));
        if let Some(file) = &log.file {
            self.path("file", file);
        }
        self.size("max_size", log.max_size);
        self.plain("keep", log.keep);
        self.plain("query", log.query);
        self.section("log.levels");
        self.level("success", Some(log.levels.success));
        self.level("client_error", Some(log.levels.client_error));
        self.level("upstream_error", Some(log.levels.upstream_error));
        self.level("gateway_error", Some(log.levels.gateway_error));
    }

    pub(super) fn limits(&mut self, settings: &Settings) {
        let limits = &settings.limits;
        self.section("limits");
        self.plain("connections", limits.connections);
        self.plain("requests_per_connection", limits.requests_per_connection);
        self.size("header_bytes", limits.header_bytes.into());
        self.plain("header_fields", limits.header_fields);
        self.duration("header_timeout", limits.header_timeout);
        self.size("body_rate", limits.body_rate.into());
        self.duration("idle_timeout", limits.idle_timeout);
    }

    pub(super) fn cors(&mut self, cors: &CorsSettings) {
        self.section("cors");
        match &cors.origins {
            CorsOrigins::Any => self.texts("origins", &["*"]),
            CorsOrigins::These(origins) => {
                let origins: Vec<&str> = origins.iter().filter_map(|origin| origin.to_str().ok()).collect();
                self.texts("origins", &origins);
            }
        }
        self.texts("methods", &cors.methods);
        self.texts("headers", &cors.headers);
        self.texts("expose", &cors.expose);
        self.plain("credentials", cors.credentials);
        self.duration("max_age", cors.max_age);
        self.section("");
    }
}
