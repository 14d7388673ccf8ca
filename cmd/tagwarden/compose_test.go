package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/proxy/cluster/natstest"
)

// composed is as much of a compose file as ours has: anything else in one is a fault.
type composed struct {
	NATS     service             `yaml:"x-nats"`
	Node     service             `yaml:"x-node"`
	Routes   map[string]string   `yaml:"x-routes"`
	Services map[string]service  `yaml:"services"`
	Volumes  map[string]struct{} `yaml:"volumes"`
}

type service struct {
	Image       string                       `yaml:"image"`
	Build       map[string]string            `yaml:"build"`
	Command     []string                     `yaml:"command"`
	Environment map[string]string            `yaml:"environment"`
	Volumes     []string                     `yaml:"volumes"`
	Ports       []string                     `yaml:"ports"`
	User        string                       `yaml:"user"`
	ReadOnly    bool                         `yaml:"read_only"`
	Drop        []string                     `yaml:"cap_drop"`
	Security    []string                     `yaml:"security_opt"`
	Grace       string                       `yaml:"stop_grace_period"`
	Restart     string                       `yaml:"restart"`
	Needs       map[string]map[string]string `yaml:"depends_on"`
	Health      struct {
		Test              []string `yaml:"test"`
		Interval, Timeout string
		Retries           int
	} `yaml:"healthcheck"`
}

const composeFolder = "../../docker/cluster"

func readCompose(t *testing.T, name string) composed {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	var of composed
	if err := decoder.Decode(&of); err != nil {
		t.Fatal(err)
	}
	return of
}

// TestComposeFiles: what the compose files mount is there or a volume, what is waited for is a service, nothing but
// loopback is published, and nothing may write where it need not.
func TestComposeFiles(t *testing.T) {
	for _, name := range []string{composeFolder + "/compose.yaml", "../../docker/compose.yaml"} {
		of := readCompose(t, name)
		for id, s := range of.Services {
			for _, v := range s.Volumes {
				from, _, _ := strings.Cut(v, ":")
				_, volume := of.Volumes[from]
				_, err := os.Stat(filepath.Join(filepath.Dir(name), from))
				made := slices.Contains([]string{"./shop", "./shop/data", "./node1", "./node1/data", "./node2",
					"./node2/data", "./copy"}, from)
				if !volume && !made && (err != nil || !strings.HasSuffix(v, ":ro")) {
					t.Errorf("%s: %s mounts %s: %v", name, id, v, err)
				}
			}
			for other, how := range s.Needs {
				if _, there := of.Services[other]; !there || how["condition"] != "service_healthy" {
					t.Errorf("%s: %s waits for %s, %v", name, id, other, how)
				}
			}
			for _, port := range s.Ports {
				if !strings.HasPrefix(port, "127.0.0.1:") {
					t.Errorf("%s: %s is published as %s", name, id, port)
				}
			}
			if s.Image != "nginx:stable-alpine" && (!s.ReadOnly || !slices.Equal(s.Drop, []string{"ALL"}) ||
				len(s.Security) == 0) {
				t.Errorf("%s: %s may do more than it needs", name, id)
			}
			if s.Restart != "unless-stopped" && id != "site" {
				t.Errorf("%s: %s is not started again", name, id)
			}
		}
	}
	of := readCompose(t, composeFolder+"/compose.yaml")
	for _, n := range []string{"n1", "n2", "n3"} {
		if s := of.Services[n]; s.Environment["NAME"] != n || !slices.Contains(s.Volumes, n+":/data") ||
			len(s.Health.Test) == 0 {
			t.Errorf("%s: %+v", n, s)
		}
	}
}

// machines stands for docker compose: it runs the services of the compose file as this machine can, by their own
// files, with addresses in place of names.
type machines struct {
	t       *testing.T
	folder  string
	of      composed
	at      map[string]string // "n1:4222" to an address on this machine
	servers natstest.Servers
	nodes   map[string]*exec.Cmd
}

func newMachines(t *testing.T, folder string) *machines {
	m := &machines{t: t, folder: folder, of: readCompose(t, filepath.Join(folder, "compose.yaml")),
		at:    map[string]string{},
		nodes: map[string]*exec.Cmd{}}
	for _, port := range []string{"n1:4222", "n1:6222", "n1:8222", "n2:4222", "n2:6222", "n2:8222", "n3:4222",
		"n3:6222", "n3:8222",
		"node1:8080", "node1:8081", "node2:8080", "node2:8081", "web:80"} {
		free, err := freePort()
		if err != nil {
			t.Fatal(err)
		}
		m.at[port] = fmt.Sprintf("127.0.0.1:%d", free)
	}
	t.Cleanup(func() {
		for _, c := range m.nodes {
			_ = c.Process.Signal(syscall.SIGTERM)
			_ = c.Wait()
		}
		m.servers.End()
	})
	return m
}

// local puts addresses of this machine into a service's file.
func (m *machines) local(service, text string) string {
	for name, at := range m.at {
		text = strings.ReplaceAll(text, name, at)
		if of, port, _ := strings.Cut(name, ":"); of == service {
			text = strings.ReplaceAll(text, "0.0.0.0:"+port, at)
		}
	}
	return text
}

// file reads a service's file, and writes one beside it that holds on this machine.
func (m *machines) file(service, name string, more ...string) string {
	text, err := os.ReadFile(filepath.Join(m.folder, name))
	if err != nil {
		m.t.Error(err)
		return ""
	}
	made := filepath.Join(m.folder, filepath.Dir(name), service+"-here-"+filepath.Base(name))
	if err := os.WriteFile(made, []byte(strings.NewReplacer(more...).Replace(m.local(service, string(text)))),
		0o600); err != nil {
		m.t.Error(err)
	}
	return made
}

// ServeHTTP does what a command of docker compose would: its words are the request's.
func (m *machines) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, _ := io.ReadAll(r.Body)
	words := strings.Split(string(text), "\n")
	var err error
	switch {
	case words[0] == "up":
		for _, id := range []string{"n1", "n2", "n3", "node1", "node2", "web"} {
			if wanted := words[len(words)-1] == "--wait" || slices.Contains(words, id); wanted && err == nil {
				err = m.up(id)
			}
		}
	case words[0] == "exec" && words[1] == "-T":
		replace := strings.NewReplacer("/etc/tagwarden/tagwarden.yaml", filepath.Join(m.folder, words[2], words[2]+
			"-here-tagwarden.yaml"),
			"/etc/tagwarden", filepath.Join(m.folder, words[2]), "/copy/", filepath.Join(m.folder, "copy")+"/")
		for i := range words {
			words[i] = replace.Replace(words[i])
		}
		var out []byte
		out, err = exec.Command(strings.TrimPrefix(words[3], "/"), words[4:]...).CombinedOutput()
		_, _ = w.Write(out)
	default:
		err = fmt.Errorf("docker compose %q is not known here", words)
	}
	if err != nil {
		m.t.Errorf("docker compose %q: %v", words, err)
	}
}

// secret is a value that compose finds in the folder, which its owner alone may read.
func (m *machines) secret(name string) (string, error) {
	path := filepath.Join(m.folder, ".env")
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.Mode().Perm() != 0o600 {
		return "", fmt.Errorf("others can read %s", path)
	}
	text, err := os.ReadFile(path)
	for line := range strings.Lines(string(text)) {
		if value, is := strings.CutPrefix(strings.TrimSpace(line), name+"="); is && len(value) > 32 {
			return value, nil
		}
	}
	return "", errors.Join(fmt.Errorf("%s has no %s", path, name), err)
}

// up starts a service and waits until it is healthy.
func (m *machines) up(id string) error {
	switch s := m.of.Services[id]; {
	case strings.HasPrefix(s.Image, "nats:"):
		i := int(id[1] - '1')
		if m.servers.At(i) != nil {
			return nil
		}
		password, err := m.secret("ROUTES_PASSWORD")
		if err != nil {
			return err
		}
		routes := strings.ReplaceAll(m.local(id, s.Environment["ROUTES"]), "${ROUTES_PASSWORD}", password)
		conf := m.file(id, "nats.conf", "$NAME", s.Environment["NAME"], "$ROUTES_PASSWORD", password, "$ROUTES", routes,
			"store_dir: /data", "store_dir: '"+filepath.Join(m.folder, "store", id)+"'")
		o, err := server.ProcessConfigFile(conf)
		if err != nil {
			return err
		}
		for _, route := range o.Routes {
			if with, _ := route.User.Password(); o.Cluster.Password != password || with != password {
				return fmt.Errorf("%s takes a route without the password", id)
			}
		}
		o.NoSigs, o.NoLog = true, true
		return m.servers.Run(i, o)
	case id == "web":
		return m.web()
	case m.nodes[id] != nil:
		return nil
	default:
		c := exec.Command("tagwarden", "serve", "--config", m.file(id, id+"/tagwarden.yaml",
			"[172.16.0.0/12]", "[127.0.0.0/8]"))
		if err := c.Start(); err != nil {
			return err
		}
		m.nodes[id] = c
		tick := time.NewTicker(10 * time.Millisecond)
		for deadline := time.Now().Add(30 * time.Second); ; <-tick.C {
			response, err := http.Get("http://" + m.at[id+":8080"] + "/.tagwarden/health")
			if err == nil {
				_ = response.Body.Close()
				if response.StatusCode == http.StatusOK {
					return nil
				}
			}
			if time.Now().After(deadline) {
				return fmt.Errorf("%s is not healthy: %w", id, err)
			}
		}
	}
}

// web starts nginx with its file; where there is none on this machine, node1 is asked in its place.
func (m *machines) web() error {
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		nginx = "/usr/sbin/nginx"
	}
	if _, err := os.Stat(nginx); err != nil {
		m.t.Log("there is no nginx here: nginx.conf is not tried")
		m.at["web:80"] = m.at["node1:8080"]
		return nil
	}
	logs := filepath.Join(m.folder, "logs")
	_, port, _ := net.SplitHostPort(m.at["web:80"])
	conf := m.file("web", "nginx.conf", "listen 80;", "listen 127.0.0.1:"+port+";", "/var/log/nginx", logs)
	whole := fmt.Sprintf("daemon off; pid %[1]s/pid; error_log %[1]s/error.log; events {} http { client_body_temp_path %[1]s/1; proxy_temp_path %[1]s/2; "+
		"fastcgi_temp_path %[1]s/3; uwsgi_temp_path %[1]s/4; scgi_temp_path %[1]s/5; include %[2]s; }", logs, conf)
	main := filepath.Join(m.folder, "main.conf")
	if err := os.MkdirAll(logs, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(main, []byte(whole), 0o600); err != nil {
		return err
	}
	c := exec.Command(nginx, "-c", main, "-p", m.folder, "-e", filepath.Join(logs, "error.log"))
	var says bytes.Buffer
	c.Stderr = &says
	if err := c.Start(); err != nil {
		return err
	}
	m.nodes["web"] = c
	tick := time.NewTicker(10 * time.Millisecond)
	for deadline := time.Now().Add(20 * time.Second); ; <-tick.C {
		conn, err := net.Dial("tcp", m.at["web:80"])
		if err == nil {
			return conn.Close()
		}
		if time.Now().After(deadline) {
			_ = c.Process.Kill()
			_ = c.Wait()
			delete(m.nodes, "web")
			return fmt.Errorf("nginx: %w\n%s", err, says.String())
		}
	}
}

// composeCommand has the test's machines do what docker compose would.
func composeCommand() {
	response, err := http.Post(os.Getenv("COMPOSE_AT"), "text/plain", strings.NewReader(strings.Join(os.Args[1:], "\n")))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	_, err = io.Copy(os.Stdout, response.Body)
	if errors.Join(err, response.Body.Close()) != nil {
		os.Exit(2)
	}
	os.Exit(0)
}
