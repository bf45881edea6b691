//! The `admin` section: where operators connect, and who of them may.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use gateway_table::{Scheme, Table};

use super::fault::{Place, Reason, SettingsFault};
use super::read::socket_of;
use super::section::{Faults, Field};
use super::suggest::suggest;
use super::tls::{self, TlsSettings};
use super::{Address, AuthSettings};

/// Where operators connect, and who of them may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminSettings {
    /// `admin.listen`: an IP address and a port, not those of `listen`. Default `127.0.0.1:8002`.
    pub listen: SocketAddr,
    /// `admin.tls`: the listener's own certificate; clear text without it, the default.
    pub tls: Option<TlsSettings>,
    /// `admin.required_role`: the role that a token must have; nobody is asked for one without it, the default.
    pub required_role: Option<RequiredRole>,
    /// `admin.hosts`: names by which browsers reach the listener, beside `localhost` and addresses. Default: none.
    pub hosts: Vec<String>,
}

/// A role of the route file, by its value in a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequiredRole {
    /// Its value in a token.
    pub claim: String,
    /// Where the configuration says so.
    pub place: Place,
}

impl AdminSettings {
    /// The fault that it asks for a role where nobody's tokens are believed, so that it lets nobody in.
    pub(super) fn role_for_nobody(&self, auth: Option<&AuthSettings>) -> Option<SettingsFault> {
        let role = self.required_role.as_ref().filter(|_| auth.is_none())?;
        let reason = "`admin.required_role`: there is no section `auth`, so that nobody can prove to have a role";
        let help = "add the section `auth`, or leave `required_role` out";
        let place = Some(role.place);
        Some(SettingsFault { place, reason: Reason::Conflict(reason.into()), help: Some(help.into()) })
    }

    /// The fault that the role which it asks for is none of the compiled ones.
    pub(super) fn unknown_role(&self, table: &Table, is_hidden: bool) -> Option<SettingsFault> {
        let role = self.required_role.as_ref()?;
        if table.roles.iter().any(|known| known.claim == role.claim) {
            return None;
        }
        let claims = || table.roles.iter().map(|known| &*known.claim);
        let help = match suggest(&role.claim, claims()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the roles are `{}`", claims().collect::<Vec<_>>().join("`, `")),
        };
        let name = if is_hidden { "!age".into() } else { role.claim.escape_debug().to_string() };
        let reason = Reason::Conflict(format!("`admin.required_role`: the route file has no role `{name}`").into());
        Some(SettingsFault { place: Some(role.place), reason, help: Some(help.into()) })
    }
}

/// Reads the `admin` section; `listen` is where clients connect, `base` the directory of the file.
pub(super) fn read(field: Field, listen: SocketAddr, base: &Path, faults: &mut Faults) -> Option<AdminSettings> {
    let mut section = field.section(&["listen", "tls", "required_role", "hosts"], faults)?;
    let has_guard = section.has("tls") || section.has("required_role");
    let tls = section.take("tls").and_then(|field| tls::read(field, base, faults));
    let required_role = section.take("required_role").and_then(|field| {
        let claim = field.text(faults)?.to_owned();
        Some(RequiredRole { claim, place: field.place() })
    });
    let hosts = section.take("hosts").and_then(|field| field.list(faults)).unwrap_or_default();
    let hosts = hosts.iter().filter_map(|field| host_of(field, faults)).collect();
    let own = match section.take("listen") {
        Some(field) => read_listen(&field, listen, has_guard, faults)?,
        None => SocketAddr::from((Ipv4Addr::LOCALHOST, 8002)),
    };
    Some(AdminSettings { listen: own, tls, required_role, hosts })
}

/// A name as the `Host` of a request has it, without the port.
fn host_of(field: &Field, faults: &mut Faults) -> Option<String> {
    let text = field.text(faults)?;
    let is_name = Address::from_authority(Scheme::Http, text).is_ok_and(|address| address.host == text);
    if !is_name {
        field.invalid("is no name of a host", "write it like `gateway.plant.local`, without scheme and port", faults);
        return None;
    }
    Some(text.to_ascii_lowercase())
}

fn read_listen(field: &Field, listen: SocketAddr, has_guard: bool, faults: &mut Faults) -> Option<SocketAddr> {
    let own = socket_of(field, faults)?;
    let same_ip = own.ip() == listen.ip() || own.ip().is_unspecified() || listen.ip().is_unspecified();
    if own.port() == listen.port() && own.port() != 0 && same_ip {
        field.invalid("is where clients connect already", "choose another port than that of `listen`", faults);
        return None;
    }
    if !own.ip().is_loopback() && !has_guard {
        field.invalid(
            "can be reached from other machines, by anybody",
            "give the section `tls` or `required_role`, or listen on 127.0.0.1",
            faults,
        );
        return None;
    }
    Some(own)
}
