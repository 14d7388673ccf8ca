package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// nginxConfig is a reverse proxy as one would write it for a collection endpoint: one worker, connections kept alive on both sides, the
// access log as Debian has it. Temporary files go to the run's own folder.
const nginxConfig = `
daemon off;
worker_processes 1;
pid DIR/nginx.pid;
error_log DIR/error.log warn;
USER
events { worker_connections 1024; }
http {
  access_log DIR/access.log;
  client_body_temp_path DIR/body;
  proxy_temp_path DIR/proxy;
  fastcgi_temp_path DIR/fastcgi;
  uwsgi_temp_path DIR/uwsgi;
  scgi_temp_path DIR/scgi;
  keepalive_requests 10000;
  upstream sink { server UPSTREAM; keepalive 64; keepalive_requests 1000000; }
  server {
    listen LISTEN;
    location / {
      proxy_pass http://sink;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
    }
  }
}
`

func startNginx(ctx context.Context, started *processes, dir, upstream string) (*process, string, error) {
	program, err := nginxProgram()
	if err != nil {
		return nil, "", err
	}
	dir = filepath.Join(dir, "nginx")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, "", err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, "", err
	}
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;"
	}
	text := strings.NewReplacer("DIR", dir, "USER", user, "UPSTREAM", upstream, "LISTEN", address).Replace(nginxConfig)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, "", err
	}
	p, err := started.start(ctx, program, "-p", dir, "-e", filepath.Join(dir, "error.log"), "-c", file)
	if err != nil {
		return nil, "", err
	}
	for range 100 {
		if c, err := net.DialTimeout("tcp", address, time.Second); err == nil {
			return p, address, c.Close()
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return nil, "", err
		}
	}
	return nil, "", fmt.Errorf("nginx does not listen on %s:\n%s", address, p.errors.text())
}

// nginxProgram finds nginx, also where it is not in a user's path.
func nginxProgram() (string, error) {
	if found, err := exec.LookPath("nginx"); err == nil {
		return found, nil
	}
	const debian = "/usr/sbin/nginx"
	if _, err := os.Stat(debian); err != nil {
		return "", fmt.Errorf("nginx is needed (package nginx-light): %w", err)
	}
	return debian, nil
}

// freeAddress is one on loopback that nothing listens on.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
