//! What only shows when the configuration meets the compiled routes: names of services, and requests that would come back.

use std::net::{IpAddr, SocketAddr, UdpSocket};

use gateway_table::Table;

use super::fault::{Place, Reason, SettingsError, SettingsFault};
use super::suggest::suggest;
use super::{Address, AdminSettings, Settings};

impl Settings {
    /// Checks the configuration against the compiled routes, whose addresses it may replace. To be called with the
    /// addresses that are really listened at.
    ///
    /// # Errors
    ///
    /// Names every service and role that no route has, a role that nobody can prove to have, and every service whose address is the gateway itself.
    pub fn check_against(&self, table: &Table) -> Result<(), SettingsError> {
        let mut faults = Vec::new();
        let moved = self.services.iter().map(|service| (&service.name, service.place));
        // The default is no mistake where there is no such service.
        let trusted = self.identity.authorization.iter();
        let trusted = trusted.filter_map(|service| Some((&service.name, service.place?)));
        for (name, place) in trusted.chain(moved) {
            if !table.services.iter().any(|known| known.name == *name) {
                faults.push(unknown_service(name, place, table));
            }
        }
        faults.extend(
            self.admin.as_ref().and_then(|admin| admin.unknown_role(table, self.secrets.hides("admin.required_role"))),
        );
        let role_for_nobody = |admin: &AdminSettings| admin.role_for_nobody(self.auth.as_ref());
        faults.extend(self.admin.as_ref().and_then(role_for_nobody));
        for service in table.services.iter() {
            let replaced = self.services.iter().find(|replacement| replacement.name == service.name);
            let own = Address::from_authority(service.scheme, &service.authority).ok();
            let Some(address) = replaced.map(|replacement| &replacement.address).or(own.as_ref()) else { continue };
            if self.is_own(address) {
                faults.push(SettingsFault {
                    place: replaced.map(|replacement| replacement.place),
                    reason: Reason::SelfTarget {
                        service: service.name.to_string(),
                        address: self.shown(address, &service.name),
                    },
                    help: Some("name the service's real address in `services`, or change `listen`".into()),
                });
            }
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(SettingsError { file: self.file.clone(), faults, log_file: self.log.file.clone() })
        }
    }

    /// The address of a service, unless the configuration hides it.
    fn shown(&self, address: &Address, service: &str) -> String {
        let is_hidden = self.secrets.hides(&format!("services.{service}"));
        if is_hidden { "an encrypted one".to_owned() } else { address.to_string() }
    }

    fn is_own(&self, address: &Address) -> bool {
        let admin = self.admin.as_ref().map(|admin| admin.listen);
        [Some(self.listen), admin].into_iter().flatten().any(|listen| reaches(address, listen))
    }
}

fn unknown_service(name: &str, place: Place, table: &Table) -> SettingsFault {
    let names = || table.services.iter().map(|known| &*known.name);
    let help = match suggest(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the services are `{}`", names().collect::<Vec<_>>().join("`, `")),
    };
    let reason = Reason::UnknownService(name.escape_debug().to_string());
    SettingsFault { place: Some(place), reason, help: Some(help.into()) }
}

/// Whether a connection to `address` ends at `listen`. A name that is not `localhost` is not looked up: it may mean
/// something else by the time it is used.
fn reaches(address: &Address, listen: SocketAddr) -> bool {
    let Some(ip) = address.ip().filter(|_| address.port == listen.port() && listen.port() != 0) else {
        return false;
    };
    // To connect to the unspecified address is to connect to this machine.
    let is_loopback = ip.is_loopback() || ip.is_unspecified();
    ip == listen.ip().to_canonical()
        || is_loopback && listen.ip().is_loopback()
        || listen.ip().is_unspecified() && (is_loopback || is_of_this_machine(ip))
}

/// Whether the machine has this address: nobody else's can be bound to.
fn is_of_this_machine(ip: IpAddr) -> bool {
    UdpSocket::bind((ip, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use gateway_table::{List, Scheme, Service, Trie};

    use super::*;
    use crate::settings::{IdentitySettings, RequiredRole, ServiceSettings, TrustedService};

    fn table(services: &[(&'static str, &'static str)]) -> Table {
        let service = |(name, authority): &(&'static str, &'static str)| Service {
            name: (*name).into(),
            scheme: Scheme::Http,
            authority: (*authority).into(),
        };
        Table {
            digest: "".into(),
            roles: List::default(),
            services: services.iter().map(service).collect(),
            routes: List::default(),
            trie: Trie::new([]),
        }
    }

    fn replacing(name: &str, address: &str) -> Settings {
        let service = ServiceSettings {
            name: name.to_owned(),
            address: Address::parse(address).unwrap(),
            place: Place { line: 7, column: 11 },
        };
        Settings { file: Some("gateway.yaml".into()), services: vec![service], ..Settings::default() }
    }

    #[test]
    fn a_service_that_no_route_has_is_named_with_what_may_be_meant() {
        let faults = replacing("corerel", "http://a:1").check_against(&table(&[("corerl", "corerl:8000")]));
        assert_eq!(
            faults.unwrap_err().to_string(),
            "gateway.yaml:7:11: no route has a service named `corerel`\n  help: did you mean `corerl`?"
        );
    }

    #[test]
    fn credentials_are_entrusted_only_to_services_that_there_are() {
        let trusting = |place| {
            let authorization = vec![TrustedService { name: "corelr".to_owned(), place }];
            let identity = IdentitySettings { authorization, ..IdentitySettings::default() };
            Settings { identity, ..Settings::default() }.check_against(&table(&[("corerl", "corerl:8000")]))
        };
        let told = trusting(Some(Place { line: 3, column: 5 })).unwrap_err().to_string();
        assert!(told.ends_with("no route has a service named `corelr`\n  help: did you mean `corerl`?"), "{told}");
        assert!(trusting(None).is_ok());
    }

    #[test]
    fn a_role_that_nobody_can_prove_to_have_is_refused() {
        let required_role = Some(RequiredRole { claim: "admin".to_owned(), place: Place { line: 4, column: 9 } });
        let listen = "127.0.0.1:8002".parse().unwrap();
        let admin = Some(AdminSettings { listen, tls: None, required_role, hosts: Vec::new() });
        let settings = Settings { file: Some("gateway.yaml".into()), admin, ..Settings::default() };
        let told = settings.check_against(&table(&[])).unwrap_err().to_string();
        assert!(told.contains("gateway.yaml:4:9: `admin.required_role`: there is no section `auth`"), "{told}");
    }

    #[test]
    fn a_service_at_the_gateways_own_address_is_refused() {
        let table = table(&[("corerl", "corerl:8000")]);
        for host in ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "127.9.9.9"] {
            let error = replacing("corerl", &format!("http://{host}:8001")).check_against(&table).unwrap_err();
            let told = format!(
                "gateway.yaml:7:11: the address of the service `corerl`, http://{host}:8001, is the gateway's own: \
                 requests would come back"
            );
            assert!(error.to_string().starts_with(&told), "{error}");
        }
        assert!(replacing("corerl", "http://127.0.0.1:8000").check_against(&table).is_ok());
    }

    #[test]
    fn a_compiled_target_counts_unless_it_is_replaced() {
        let table = table(&[("corerl", "localhost:8001")]);
        assert!(Settings::default().check_against(&table).is_err());
        assert!(replacing("corerl", "http://corerl:8000").check_against(&table).is_ok());
    }

    #[test]
    fn another_service_may_have_the_port_at_another_address() {
        let listen = "192.0.2.1:8001".parse().unwrap();
        let settings = Settings { listen, ..Settings::default() };
        assert!(settings.check_against(&table(&[("coreconfig", "127.0.0.1:8001")])).is_ok());
        assert!(settings.check_against(&table(&[("coreconfig", "192.0.2.1:8001")])).is_err());
    }
}
