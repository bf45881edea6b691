//! nginx, as a peer that forwards, and as the origin behind all peers.
//!
//! It has what makes it fast: one worker in one process, no access log, connections to the origin kept, bodies passed on as they come and never
//! written to a disk. As a peer it also gives every request an id and counts it against a limit, as gateways do; it looks at no token.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::peer::Place;
use super::tools::Tool;
use crate::failure::Failure;
use crate::program::program;
use crate::workspace::write;

/// How long the origin's long answer is.
pub(crate) const LARGE: usize = 1 << 20;
/// What makes long answers cheaper for nginx, which has 8 buffers of 4 KiB for each by default.
pub(crate) const LARGE_BUFFERS: &str = "proxy_buffer_size 64k; proxy_buffers 16 64k; proxy_busy_buffers_size 512k;";

/// nginx as a peer in front of the origin, with these buffers.
pub(crate) fn forwarding(place: &Place<'_>, buffers: &str) -> Result<Command, Failure> {
    let Place { listen, origin, credentials, .. } = place;
    let tls = if place.tls {
        let (certificate, key) = (credentials.certificate_pem(), credentials.private_key_pem());
        format!(
            "ssl_protocols TLSv1.3; ssl_certificate '{}'; ssl_certificate_key '{}';",
            certificate.display(),
            key.display()
        )
    } else {
        String::new()
    };
    let http = format!(
        "  limit_req_zone $server_name zone=agent:1m rate=1000000r/s;
  upstream agent {{ server {origin}; keepalive 256; keepalive_requests 1000000000; }}
  server {{
    listen {listen} backlog=4096{ssl};
    {tls}
    location /api/v1/agent/ {{
      limit_req zone=agent burst=1000000 nodelay;
      proxy_http_version 1.1;
      proxy_set_header Connection '';
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Correlation-ID $request_id;
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
      {buffers}
      proxy_pass http://agent/api/agent/;
    }}
  }}
",
        ssl = if place.tls { " ssl" } else { "" },
    );
    command(place.folder, &format!("nginx-{}", listen.port()), place.connections, &http)
}

/// nginx as the origin, which answers at once, so that its peer is what is measured.
pub(crate) fn origin(listen: SocketAddr, folder: &Path, connections: u64) -> Result<Command, Failure> {
    let large = folder.join("large");
    write(&large, vec![b'x'; LARGE])?;
    let http = format!(
        "  default_type application/json;
  sendfile on;
  server {{
    listen {listen} backlog=4096;
    location / {{ return 200 '{{\"agent\":\"pump-7\",\"state\":\"running\",\"since\":1764000000}}'; }}
    location = /api/agent/large {{ alias '{large}'; }}
  }}
",
        large = large.display(),
    );
    command(folder, "origin", connections, &http)
}

/// Writes the configuration down, and gives the command that serves by it.
fn command(folder: &Path, name: &str, connections: u64, http: &str) -> Result<Command, Failure> {
    let file = folder.join(format!("{name}.conf"));
    write(&file, format!("{}http {{\n{}{http}}}\n", process(folder, name, connections), shared(folder)))?;
    let mut command = program(Tool::Nginx.path()?);
    command.arg("-p").arg(folder).arg("-c").arg(file).args(["-e", "stderr"]);
    Ok(command)
}

fn process(folder: &Path, name: &str, connections: u64) -> String {
    let pid: PathBuf = folder.join(format!("{name}.pid"));
    format!(
        "daemon off; master_process off; worker_processes 1; pid '{}'; error_log stderr crit;\n\
         events {{ worker_connections {connections}; }}\n",
        pid.display()
    )
}

fn shared(folder: &Path) -> String {
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("  {kind}_temp_path '{}';\n", folder.display()))
        .concat();
    format!(
        "  access_log off; keepalive_requests 1000000000; keepalive_timeout 1h; client_max_body_size 0;\n{temporary}"
    )
}
