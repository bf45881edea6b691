//! HAProxy, as a peer that forwards, and as one that does the whole job: token, role, limit, forwarding.

use std::process::Command;

use stand_ins::Issuer;

use super::credentials::ROLE;
use super::peer::Place;
use super::tools::Tool;
use crate::failure::Failure;
use crate::program::program;
use crate::workspace::write;

/// HAProxy that forwards, and does nothing else.
pub(crate) fn forwarding(place: &Place<'_>) -> Result<Command, Failure> {
    command(place, "haproxy-forwarding", "")
}

/// HAProxy that also checks a token's signature, expiry, issuer, audience and role, counts against a limit, and gives every request an id.
pub(crate) fn whole_job(place: &Place<'_>) -> Result<Command, Failure> {
    let rules = format!(
        "  unique-id-format %[uuid()]
  unique-id-header X-Correlation-ID
  http-request set-var(txn.token) http_auth_bearer
  http-request deny deny_status 401 unless {{ var(txn.token),jwt_header_query('$.alg') -m str RS256 }}
  http-request deny deny_status 401 unless {{ var(txn.token),jwt_verify(\"RS256\",\"{key}\") 1 }}
  http-request deny deny_status 401 unless {{ var(txn.token),jwt_payload_query('$.iss') -m str {issuer} }}
  http-request deny deny_status 401 unless {{ var(txn.token),jwt_payload_query('$.aud') -m str {audience} }}
  http-request set-var(txn.now) date()
  http-request deny deny_status 401 unless {{ var(txn.token),jwt_payload_query('$.exp','int'),sub(txn.now) -m int gt 0 }}
  http-request deny deny_status 403 unless {{ var(txn.token),jwt_payload_query('$.roles[0]') -m str {ROLE} }}
  http-request track-sc0 str(agent) table limit
  http-request deny deny_status 429 if {{ sc_http_req_rate(0) gt 1000000000 }}
",
        key = place.credentials.public_key().display(),
        issuer = Issuer::NAME,
        audience = Issuer::AUDIENCE,
    );
    command(place, "haproxy-whole-job", &rules)
}

/// Writes the configuration down, and gives the command that serves by it: one thread, connections to the origin kept and shared.
fn command(place: &Place<'_>, name: &str, rules: &str) -> Result<Command, Failure> {
    let Place { listen, origin, connections, .. } = place;
    let configuration = format!(
        "global
  nbthread 1
  maxconn {connections}
defaults
  mode http
  timeout connect 2s
  timeout client 1h
  timeout server 10s
  http-reuse always
frontend agents
  bind {listen}
  option forwardfor
{rules}  http-request replace-path /api/v1/agent/(.*) /api/agent/\\1
  default_backend agents
backend agents
  server origin {origin}
backend limit
  stick-table type string len 16 size 1k expire 1m store http_req_rate(1m)
"
    );
    let file = place.folder.join(format!("{name}.cfg"));
    write(&file, configuration)?;
    let mut command = program(Tool::Haproxy.path()?);
    command.arg("-db").arg("-f").arg(file);
    Ok(command)
}
