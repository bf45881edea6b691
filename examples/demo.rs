//! The gateway and stand-ins for its neighbours, in one process: `cargo run --release --example demo [ADDRESS]`.
//!
//! CoreAuth issues real RS256 tokens; CoreRL and CoreConfig answer with what reached them, CoreIO does so over ZeroMQ,
//! CoreTelemetry takes metrics and log lines; coredinator is down. The routes are those of `routes.ron`. Each printed command does what the line above it says.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a demo is there to be read")]

mod routes {
    //! `routes.ron`, compiled.

    gateway_macros::compile_routes!();
}

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use gateway::{Gateway, Settings};
use stand_ins::{CoreIo, CoreTelemetry, Issuer, KeyKind, Message, Seen, Server, core_auth, core_io, echo};

fn main() -> Result<(), Box<dyn Error>> {
    let listen = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8001".to_owned());
    let issuer = Arc::new(Issuer::new(KeyKind::Rsa, "demo-1"));
    let neighbours = Neighbours::start(&issuer)?;
    let settings = neighbours.settings(&listen)?;
    let gateway = Gateway::bind(settings, &routes::TABLE)?;
    print_guide(&gateway.address(), gateway.admin_address(), &issuer);
    gateway.serve_until_signalled()?;
    Ok(())
}

/// The services around the gateway.
struct Neighbours {
    auth: Server,
    agents: Server,
    config: Server,
    signals: CoreIo,
    telemetry: CoreTelemetry,
}

impl Neighbours {
    fn start(issuer: &Arc<Issuer>) -> std::io::Result<Self> {
        Ok(Self {
            auth: core_auth(Arc::clone(issuer))?,
            agents: echo("corerl", show)?,
            config: echo("coreconfig", show)?,
            signals: core_io(show_message)?,
            telemetry: CoreTelemetry::start()?,
        })
    }

    /// A configuration file such as a plant has, read as the gateway reads it.
    fn settings(&self, listen: &str) -> Result<Settings, Box<dyn Error>> {
        // Where clients come to any free port, so do operators.
        let admin = if listen.ends_with(":0") { "127.0.0.1:0" } else { "127.0.0.1:8002" };
        let file = scratch_file()?;
        let configuration = format!(
            "version: 1\n\
             listen: {listen}\n\
             admin: {{ listen: {admin} }}\n\
             telemetry: {{ url: {core_telemetry}, interval: 1s }}\n\
             auth:\n  \
               issuer: {issuer}\n  \
               audience: {audience}\n  \
               jwks: {{ url: {core_auth}/.well-known/jwks.json }}\n\
             services:\n  \
               coreauth: {core_auth}\n  \
               corerl: {core_rl}\n  \
               coreconfig: {core_config}\n  \
               coreio: {core_io}\n  \
               coretelemetry: {core_telemetry}\n  \
               coredinator: http://{nowhere}\n",
            issuer = Issuer::NAME,
            audience = Issuer::AUDIENCE,
            core_auth = self.auth.url(),
            core_rl = self.agents.url(),
            core_config = self.config.url(),
            core_io = self.signals.url(),
            core_telemetry = self.telemetry.url(),
            nowhere = nowhere()?,
        );
        std::fs::write(&file, configuration)?;
        let settings = Settings::load(file.to_str());
        std::fs::remove_file(&file)?;
        Ok(settings?)
    }
}

fn scratch_file() -> std::io::Result<PathBuf> {
    let folder = std::env::temp_dir();
    std::fs::create_dir_all(&folder)?;
    Ok(folder.join(format!("coregateway-demo-{}.yaml", std::process::id())))
}

/// An address where nobody listens.
fn nowhere() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

fn show(seen: &Seen) {
    eprintln!("{} got {} {}", seen.service, seen.method, seen.target);
}

fn show_message(message: &Message) {
    eprintln!("coreio got {} {}", message.head["method"], message.head["path"]);
}

fn print_guide(address: &SocketAddr, admin: Option<SocketAddr>, issuer: &Issuer) {
    let operations = issuer.token("olga", &["operations"]);
    println!("CoreGateway listens on http://{address}. Paste into another terminal:\n");
    println!("# a token for Olga, who has the role `operations`");
    println!("TOKEN={operations}\n");
    for (expected, command) in guide(address) {
        println!("# {expected}\n{command}\n");
    }
    if let Some(admin) = admin {
        println!("# how it is: open http://{admin}/ in a browser, or\ncurl -s http://{admin}/metrics\n");
    }
    println!("Ctrl-C stops it. What follows is the gateway's log, and what reached the services.\n");
}

/// What a reader should see, and the command that shows it.
fn guide(address: &SocketAddr) -> Vec<(&'static str, String)> {
    let base = format!("http://{address}");
    let bearer = r#"-H "Authorization: Bearer $TOKEN""#;
    vec![
        ("200: CoreRL answers with what reached it", format!("curl -i {bearer} {base}/api/v1/agent/pump-7/status")),
        ("200: CoreIO, which speaks ZeroMQ alone", format!("curl -i {bearer} {base}/api/v1/io/valves/7")),
        ("401: no token", format!("curl -i {base}/api/v1/agent/pump-7/status")),
        ("403: Olga may not configure", format!("curl -i {bearer} {base}/api/v1/config/plant")),
        ("404: no such route", format!("curl -i {bearer} {base}/api/v1/agents")),
        ("405: no such method here", format!("curl -i -X OPTIONS {bearer} {base}/api/v1/agent/pump-7")),
        (
            "502: coredinator is down",
            format!(
                r#"curl -i -H "Authorization: Bearer $(curl -s -d '{{"subject": "sam", "roles": ["service"]}}' {base}/auth/token | sed 's/.*access_token":"\([^"]*\).*/\1/')" {base}/api/v1/coredinator/agent-1"#
            ),
        ),
        (
            "429: more than 20 requests a minute for tokens",
            format!(
                r#"for i in $(seq 21); do curl -s -i -d '{{"subject": "olga", "roles": ["operations"]}}' {base}/api/v1/auth/token; done | grep -a -A 20 ' 429 '"#
            ),
        ),
    ]
}
