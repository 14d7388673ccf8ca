package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// nginxConfig is a reverse proxy as one would write it for a collection endpoint: one worker, connections kept alive on
// both sides, the access log as Debian has it. Temporary files go to the run's own folder.
const nginxConfig = `
daemon off;
worker_processes 1;
pid DIR/nginx.pid;
error_log DIR/error.log warn;
USER
MODULES
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
  HTTP
  server {
    listen LISTEN;
    location / {
      REWRITE
      proxy_pass http://sink;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
    }
  }
}
`

// What a site does in nginx that wants less to reach Google, in Lua: a list of parameters that may travel, the
// visitor's id as a keyed hash, no cookies. The body goes as it came, and so do pages and titles; nothing is asked
// of the visitor, and nothing recorded.
const (
	luaModules = "load_module FOLDER/ndk_http_module.so;\nload_module FOLDER/ngx_http_lua_module.so;"

	luaHTTP = `init_by_lua_block {
    pepper = "0123456789abcdef0123456789abcdef"
    allowed = {}
    for name in string.gmatch("v tid cid _p _s sid sct seg gcs gcd npa dma ul dl dr dt en", "%S+") do allowed[name] = true end
  }`

	luaRewrite = `rewrite_by_lua_block {
        local kept, n = {}, 0
        for name, value in string.gmatch(ngx.var.args or "", "([^=&]+)=([^&]*)") do
          if allowed[name] then
            if name == "cid" then value = ngx.escape_uri(ngx.encode_base64(ngx.hmac_sha1(pepper, value))) end
            n = n + 1
            kept[n] = name .. "=" .. value
          end
        end
        ngx.req.set_uri_args(table.concat(kept, "&"))
      }
      proxy_set_header Cookie "";`
)

// errMissing: a program, or a part of it, is not on this machine.
var errMissing = errors.New("is not on this machine")

func startNginx(ctx context.Context, started *processes, dir, upstream string) (*process, string, error) {
	return startNginxWith(ctx, started, filepath.Join(dir, "nginx"), upstream, "", "", "")
}

// startNginxLua starts nginx with Lua, or says that there is none here ([errMissing]).
func startNginxLua(ctx context.Context, started *processes, dir, upstream string) (*process, string, error) {
	const folder = "/usr/lib/nginx/modules" // Debian's
	if _, err := os.Stat(filepath.Join(folder, "ngx_http_lua_module.so")); errors.Is(err, fs.ErrNotExist) {
		return nil, "", fmt.Errorf("nginx with Lua (package libnginx-mod-http-lua) %w", errMissing)
	}
	modules := strings.ReplaceAll(luaModules, "FOLDER", folder)
	return startNginxWith(ctx, started, filepath.Join(dir, "nginx-lua"), upstream, modules, luaHTTP, luaRewrite)
}

func startNginxWith(ctx context.Context, started *processes, dir, upstream, modules, http, rewrite string) (
	*process, string, error) {
	program, err := nginxProgram()
	if err != nil {
		return nil, "", err
	}
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
	text := strings.NewReplacer("DIR", dir, "USER", user, "UPSTREAM", upstream, "LISTEN", address, "MODULES", modules,
		"HTTP", http, "REWRITE", rewrite).
		Replace(nginxConfig)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, "", err
	}
	p, err := started.start(ctx, program, "-p", dir, "-e", filepath.Join(dir, "error.log"), "-c", file)
	if err != nil {
		return nil, "", err
	}
	return p, address, p.listens(ctx, address)
}

// nginxProgram finds nginx, also where it is not in a user's path.
func nginxProgram() (string, error) { return programOf("nginx", "nginx-light") }

// programOf finds a program of Debian's, also where it is not in a user's path. Where it is
// missing it says of which package it is.
func programOf(name, from string) (string, error) {
	if found, err := exec.LookPath(name); err == nil {
		return found, nil
	}
	debian := filepath.Join("/usr/sbin", name)
	if _, err := os.Stat(debian); err != nil {
		return "", fmt.Errorf("%s (package %s) %w", name, from, errMissing)
	}
	return debian, nil
}

// listens waits until the process takes connections.
func (p *process) listens(ctx context.Context, address string) error {
	for range 100 {
		if c, err := net.DialTimeout("tcp", address, time.Second); err == nil {
			return c.Close()
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	return fmt.Errorf("%v does not listen on %s:\n%s", p.cmd.Args, address, p.errors.text())
}

// freeAddress is one on loopback that nothing listens on.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
