package front_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/config/front"
)

// program is a web server that is tried with what is written for it.
type program struct {
	name    string
	paths   []string                                                      // where it may lie
	compose func(dir, listen string, parts []front.Part) (string, string) // the file of its configuration, and its text
	args    func(dir, file string) []string
}

// programs are those that Debian has. Each has a log of everything that it is not told to leave out, in DIR/access.log.
var programs = []program{
	{
		name: "nginx", paths: []string{"nginx", "/usr/sbin/nginx"},
		compose: func(dir, listen string, parts []front.Part) (string, string) {
			user := ""
			if os.Geteuid() == 0 {
				user = "user root;\n"
			}
			server := strings.ReplaceAll(parts[1].Text, "/var/log/nginx/", dir+"/")
			return "nginx.conf", "daemon off;\npid " + dir + "/pid;\nerror_log " + dir + "/error.log;\n" + user +
				"events {}\nhttp {\n" +
				"client_body_temp_path " + dir + "/body; proxy_temp_path " + dir + "/proxy; fastcgi_temp_path " +
				dir + "/fastcgi;\n" +
				"uwsgi_temp_path " + dir + "/uwsgi; scgi_temp_path " + dir + "/scgi;\n" + parts[0].Text +
				"server {\nlisten " + listen + ";\nserver_name shop.example;\nlocation / { return 200 page; }\n" + server + "}\n}\n"
		},
		args: func(dir, file string) []string { return []string{"-p", dir, "-e", dir + "/error.log", "-c", file} },
	},
	{
		name: "caddy", paths: []string{"caddy"},
		compose: func(dir, listen string, parts []front.Part) (string, string) {
			return "Caddyfile", strings.Replace(parts[0].Text, "{\n", "{\n\tadmin off\n\tauto_https off\n", 1) +
				"http://shop.example:" + port(listen) + " {\n\tlog {\n\t\toutput file " + dir + "/access.log\n\t}\n" +
				parts[1].Text + "\trespond page\n}\n"
		},
		args: func(_, file string) []string { return []string{"run", "--config", file, "--adapter", "caddyfile"} },
	},
	{
		name: "apache", paths: []string{"apache2", "/usr/sbin/apache2"},
		compose: func(dir, listen string, parts []front.Part) (string, string) {
			var text strings.Builder
			text.WriteString("ServerRoot " + dir + "\nPidFile " + dir + "/pid\nListen " + listen + "\nErrorLog " + dir +
				"/error.log\nServerName shop.example\n")
			for _, m := range []string{"mpm_event", "authz_core", "proxy", "proxy_http", "headers", "alias",
				"socache_shmcb", "ssl"} {
				text.WriteString("LoadModule " + m + "_module /usr/lib/apache2/modules/mod_" + m + ".so\n")
			}
			return "apache.conf", text.String() + "LogFormat \"%h %r %{Referer}i\" whole\nDocumentRoot " + dir +
				"/pages\n<Directory />\nRequire all granted\n</Directory>\n<VirtualHost *:" +
				port(listen) + ">\nServerName shop.example\nCustomLog " + dir + "/access.log whole " + inComment(parts[0].Text) +
				"\n" + parts[0].Text + "</VirtualHost>\n"
		},
		args: func(_, file string) []string { return []string{"-D", "FOREGROUND", "-f", file} },
	},
	{
		name: "haproxy", paths: []string{"haproxy", "/usr/sbin/haproxy"},
		compose: func(_, listen string, parts []front.Part) (string, string) {
			return "haproxy.cfg",
				"global\n    log stdout format raw local0\ndefaults\n    mode http\n    log global\n    option httplog\n    timeout connect 2s\n    timeout client 5s\n" +
					"    timeout server 5s\nfrontend shop\n    bind " + listen + "\n" + parts[0].Text + "    default_backend pages\n" +
					parts[1].Text +
					"backend pages\n    http-request return status 200 content-type text/plain string page\n"
		},
		args: func(_, file string) []string { return []string{"-f", file, "-db"} },
	},
}

func port(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

// inComment is the condition that stands in a comment of what is written for Apache.
func inComment(text string) string {
	_, rest, _ := strings.Cut(text, "#   ")
	condition, _, _ := strings.Cut(rest, "\n")
	return condition
}

// behind is what stands in for tagwarden: it keeps what came.
type behind struct {
	*httptest.Server
	mu  sync.Mutex
	got []*http.Request
	is  []string // bodies
}

func (b *behind) take() (all []*http.Request, bodies []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	all, bodies, b.got, b.is = b.got, b.is, nil, nil
	return all, bodies
}

// marker is in everything that hits of these tests hold, and in no log.
const marker = "4711.0815"

// TestFrontsPassHitsOn runs each web server that is installed with what is written for it: what arrives is what was
// sent, with the visitor's own address whatever the visitor says of it; other paths do not arrive, nor what is too
// large; and no log holds anything of a hit, not even of one that failed.
func TestFrontsPassHitsOn(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			if binary := installed(t, p); binary != "" {
				passesHitsOn(t, p, binary)
			}
		})
	}
}

// installed is where a program lies; "" where it is not installed.
func installed(t *testing.T, p program) (binary string) {
	for _, path := range p.paths {
		if found, err := exec.LookPath(path); err == nil {
			binary = found
		}
	}
	if binary == "" {
		t.Logf("%s is not installed here: what is written for it is not tried", p.name)
	}
	return binary
}

func passesHitsOn(t *testing.T, p program, binary string) {
	b := &behind{}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // it broke off
		}
		b.mu.Lock()
		b.got, b.is = append(b.got, r), append(b.is, string(body))
		b.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(b.Close)
	f, _ := front.Lookup(p.name)
	way := shop
	way.To = b.URL
	parts, err := f.Write(way)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	listen, end := run(t, p, binary, dir, parts)

	for _, c := range []struct {
		hit    string
		body   string
		status int
		path   string // as it arrives; "" where nothing may
	}{
		{"GET /t/g/collect?v=2&cid=" + marker + "&dl=https%3A%2F%2Fshop.example%2Fa%2520b&e=+ HTTP/1.1", "", 204,
			"/t/g/collect?v=2&cid=" + marker + "&dl=https%3A%2F%2Fshop.example%2Fa%2520b&e=+"},
		{"POST /t/v1/batch HTTP/1.1", `{"batch":[{"userId":"` + marker + `"}]}`, 204, "/t/v1/batch"},
		{"GET /t/r/" + marker + "/?cid=" + marker + " HTTP/1.1", "", 204, "/t/r/" + marker + "/?cid=" + marker},
		{"GET /.well-known/gpc.json HTTP/1.1", "", 204, "/.well-known/gpc.json"},
		{"GET /terms HTTP/1.1", "", 0, ""},
		{"GET / HTTP/1.1", "", 0, ""},
		{"POST /t/v1/batch HTTP/1.1", strings.Repeat("x", way.Most()), 204, "/t/v1/batch"},
		{"POST /t/v1/batch?cid=" + marker + " HTTP/1.1", strings.Repeat("x", way.Most()+1), 413, ""},
	} {
		status := send(t, listen, c.hit, c.body)
		got, bodies := b.take()
		switch {
		case c.status == 413 && (status == 413 || p.name == "caddy" && status == 502) && len(got) == 0:
		case c.status != 0 && status != c.status:
			t.Errorf("%.60s: %d", c.hit, status)
		case c.path == "" && len(got) > 0:
			t.Errorf("%.60s: it is passed on", c.hit)
		case c.path == "":
		case len(got) != 1 || got[0].RequestURI != c.path || bodies[0] != c.body || got[0].Host != "shop.example":
			t.Errorf("%.60s: arrives as %v", c.hit, got)
		case strings.Join(got[0].Header["X-Forwarded-For"], ",") != "127.0.0.1" || got[0].Header["Forwarded"] != nil ||
			got[0].Header.Get("Cookie") != "a=b":
			t.Errorf("%.60s: arrives with %v", c.hit, got[0].Header)
		}
	}
	send(t, listen, "GET /%74/g/collect?cid="+marker+" HTTP/1.1", "")
	send(t, listen, "GET /t/%zz?cid="+marker+" HTTP/1.1", "")
	send(t, listen, "GET /%74/%zz?cid="+marker+" HTTP/1.1", "")
	b.Close() // nobody is there, and that is a matter for messages
	if status := send(t, listen, "GET /t/g/collect?cid="+marker+" HTTP/1.1", ""); status != 502 && status != 503 {
		t.Errorf("nobody is there: %d", status)
	}
	send(t, listen, "GET /t/g/collect?cid="+marker+"&"+strings.Repeat("x", 100_000)+" HTTP/1.1", "")
	logs := holdsNoHit(t, dir, end())
	if !strings.Contains(logs, "/terms") {
		t.Errorf("pages are not logged either: %s", logs)
	}
}

// holdsNoHit complains of whatever a web server printed or logged that is of a hit, and returns all that it did.
func holdsNoHit(t *testing.T, dir, output string) string {
	t.Helper()
	logs := map[string]string{"its output": output}
	for _, file := range []string{"access.log", "error.log"} {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err == nil {
			logs[file] = string(text)
		}
	}
	var all strings.Builder
	for file, text := range logs {
		all.WriteString(text)
		for line := range strings.Lines(text) {
			if strings.Contains(line, marker) || strings.Contains(line, "/t/") {
				t.Errorf("%s: %s", file, line)
			}
		}
	}
	return all.String()
}

// run starts a web server, and returns where it listens and what ends it, which returns what it printed.
func run(t *testing.T, p program, binary, dir string, parts []front.Part) (listen string, end func() string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen = l.Addr().String()
	_ = l.Close()
	name, text := p.compose(dir, listen, parts)
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Join(dir, "pages"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	cmd := exec.Command(binary, p.args(dir, file)...)
	cmd.Env = append(os.Environ(), "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir, "HOME="+dir)
	if file := filepath.Join(dir, "ca.pem"); exists(file) {
		cmd.Env = append(cmd.Env, "SSL_CERT_FILE="+file, "SSL_CERT_DIR="+dir)
	}
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var once sync.Once
	end = func() string {
		once.Do(func() {
			_ = cmd.Process.Signal(syscall.SIGTERM)
			select {
			case err := <-ended:
				ended <- err
			case <-time.After(10 * time.Second):
				_ = cmd.Process.Kill()
				err := <-ended
				ended <- err
			}
		})
		return out.String()
	}
	t.Cleanup(func() { end() })
	for deadline := time.Now().Add(15 * time.Second); ; {
		if conn, err := net.Dial("tcp", listen); err == nil {
			_ = conn.Close()
			return listen, end
		}
		select {
		case err := <-ended:
			ended <- err
			if strings.Contains(strings.ToLower(out.String()), "address already in use") { // another took the port meanwhile
				return run(t, p, binary, dir, parts)
			}
			t.Fatalf("%s ends: %v\n%s\n%s", p.name, err, out.String(), text)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not listen\n%s\n%s", p.name, end(), text)
		}
	}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// send sends a hit that says of itself that it comes from elsewhere, and returns the
// status of the answer, 0 where none came.
func send(t *testing.T, listen, line, body string) int {
	t.Helper()
	conn, err := net.Dial("tcp", listen)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	length := ""
	if body != "" {
		length = "Content-Length: " + strconv.Itoa(len(body)) + "\r\n"
	}
	text := fmt.Sprintf("%s\r\nHost: shop.example\r\nCookie: a=b\r\nX-Forwarded-For: 203.0.113.9\r\nForwarded: for=203.0.113.9\r\nConnection: close\r\n%s\r\n%s",
		line, length, body)
	go func() { _, _ = io.WriteString(conn, text) }() // it may be refused before it is written whole
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}
