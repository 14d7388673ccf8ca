package proxy_test

import (
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.yaml.in/yaml/v3"

	"github.com/tagwarden/tagwarden/proxy/alarm"
	"github.com/tagwarden/tagwarden/proxy/metrics"
)

// watchFolder has what Prometheus and Grafana are given.
const watchFolder = "../docker/watch"

// query is an expression of a rule or of a panel.
type query struct{ of, expr string }

// ruleQueries reads the rules, and sees that each is said in full.
func ruleQueries(t *testing.T) (all []query) {
	t.Helper()
	var rules struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, filepath.Join(watchFolder, "alerts.yaml"))), &rules); err != nil {
		t.Fatal(err)
	}
	tests := read(t, filepath.Join(watchFolder, "alerts_test.yaml"))
	for _, r := range rules.Groups[0].Rules {
		all = append(all, query{"alert " + r.Alert, r.Expr})
		if !slices.Contains([]string{"page", "ticket"}, r.Labels["severity"]) || r.Annotations["summary"] == "" ||
			r.Annotations["description"] == "" {
			t.Errorf("%s says too little: %v %v", r.Alert, r.Labels, r.Annotations)
		}
		for _, does := range []string{"fires", "does not"} {
			if !strings.Contains(tests, "- name: "+r.Alert+" "+does+"\n") {
				t.Errorf("no test says when %s %s", r.Alert, does)
			}
		}
	}
	return all
}

// panelQueries reads the dashboard, and sees that each panel says what it shows, and that none lies over another.
func panelQueries(t *testing.T) (all []query) {
	t.Helper()
	var board struct {
		Panels []struct {
			ID                       int
			Type, Title, Description string
			GridPos                  struct{ X, Y, W, H int }
			Targets                  []struct{ Expr string }
		}
		Annotations struct{ List []struct{ Name, Expr string } }
	}
	if err := json.Unmarshal([]byte(read(t, filepath.Join(watchFolder, "dashboard.json"))), &board); err != nil {
		t.Fatal(err)
	}
	ids, taken := map[int]bool{}, map[[2]int]string{}
	for _, p := range board.Panels {
		if ids[p.ID] || p.GridPos.X+p.GridPos.W > 24 || p.Type != "row" && (p.Title == "" || p.Description == "" ||
			len(p.Targets) == 0) {
			t.Errorf("panel %d, %s, is not whole", p.ID, p.Title)
		}
		ids[p.ID] = true
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				at := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				if taken[at] != "" {
					t.Fatalf("%s lies over %s", p.Title, taken[at])
				}
				taken[at] = p.Title
			}
		}
		for _, target := range p.Targets {
			all = append(all, query{"panel " + p.Title, target.Expr})
		}
	}
	for _, a := range board.Annotations.List {
		all = append(all, query{"annotation " + a.Name, a.Expr})
	}
	for i := range all { // what Grafana puts there
		all[i].expr = strings.NewReplacer("$__rate_interval", "1m", "$instance", ".*").Replace(all[i].expr)
	}
	return all
}

// described are the figures of collectors, whether they have any series yet or not.
func described(all map[string]bool, of reflect.Value) {
	name := regexp.MustCompile(`fqName: "([a-z_]+)"`)
	for _, field := range of.Fields() {
		if c, is := reflect.TypeAssert[prometheus.Collector](field); is && field.Type().Kind() != reflect.Struct &&
			field.Type() != reflect.TypeFor[*prometheus.Registry]() {
			descs := make(chan *prometheus.Desc, 8)
			c.Describe(descs)
			close(descs)
			for d := range descs {
				all[name.FindStringSubmatch(d.String())[1]] = true
			}
		} else if field.Kind() == reflect.Struct {
			described(all, field)
		}
	}
}

// shownFigures are the figures of a server's page.
func shownFigures(all map[string]bool, page string) {
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (\w+) `).FindAllStringSubmatch(page, -1) {
		all[m[1]] = true
	}
}

// watchedServer is a server with a queue and a webhook that was sent hits.
func watchedServer(t *testing.T) *running {
	t.Helper()
	h, v := newHook(t), startVendor(t)
	file := folder(t, v.URL)
	write(t, file, read(t, file)+alarmHook(t, file, h)+"delivery: { mode: queued }\n")
	r := start(t, file)
	for _, raw := range []string{get(pageView, consent), get(pageView, ""), get("/t/nowhere", ""),
		get(settings, consent)} {
		r.send(t, raw)
	}
	until(t, "its request is counted", func() bool {
		return r.figure(t, `tagwarden_vendor_statuses_total{status="2xx",vendor="ga4"}`) == "1" &&
			r.figure(t, "tagwarden_ledger_sync_seconds_count") != "0"
	})
	return r
}

// figures are all that a server has, of whatever kind it is.
func figures(t *testing.T, r *running) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	_, page := r.get(t, "/metrics")
	shownFigures(all, page)
	m := metrics.New()
	m.Witnesses(func() []metrics.Witness { return []metrics.Witness{{Name: "w"}} })
	m.Cluster(func() metrics.Cluster { return metrics.Cluster{} }, time.Now)
	m.Administration(func() metrics.Administration { return metrics.Administration{} })
	described(all, reflect.ValueOf(m.Exports(time.Now, func() []metrics.Export {
		return []metrics.Export{{Name: "siem"}}
	})).Elem())
	m.SharedQueue(func() metrics.SharedQueue { return metrics.SharedQueue{Messages: map[string]uint64{"ga4": 1}} })
	m.CertificateDaysLeft(func() float64 { return 1 })
	m.Queue(func() metrics.Queue {
		return metrics.Queue{Parked: []metrics.Parked{{Vendor: "ga4", Reason: "refused_400"}}}
	})
	effect := m.NewClusterEffect()
	effect.Took("a", 1)
	effect.Unseen("b")
	families, err := m.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		all[f.GetName()] = true
	}
	described(all, reflect.ValueOf(m).Elem())
	return all
}

// namedFigures are the figures that a text names, without what Prometheus makes of histograms.
func namedFigures(text string) map[string]bool {
	all := map[string]bool{}
	for _, m := range regexp.MustCompile(`\b(tagwarden|process|go)_[a-z_]+[a-z]`).FindAllString(text, -1) {
		all[m] = true
	}
	return all
}

// ofHistogram is a figure without what Prometheus makes of histograms.
func ofHistogram(name string) string {
	for _, end := range []string{"_bucket", "_count", "_sum"} {
		name = strings.TrimSuffix(name, end)
	}
	return name
}

// TestFiguresAreNamedAsTheyAre: every figure of a rule or a panel is one of a running server's, the documentation has
// each, and where Debian's Prometheus is installed it reads the server, takes the rules, and answers each query.
func TestFiguresAreNamedAsTheyAre(t *testing.T) {
	t.Parallel()
	r := watchedServer(t)
	there := figures(t, r)
	docsNameEveryFigure(t, there)
	all := append(ruleQueries(t), panelQueries(t)...)
	for _, q := range all {
		of := namedFigures(q.expr)
		for name := range of {
			if !there[name] && !there[ofHistogram(name)] {
				t.Errorf("%s names %s, which no server has", q.of, name)
			}
		}
		if len(of) == 0 && q.expr != `up{job="tagwarden"} == 0` {
			t.Errorf("%s names no figure: %s", q.of, q.expr)
		}
	}
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Log("promtool is not installed here: the rules are not tried")
		return
	}
	for _, args := range [][]string{{"check", "rules", "alerts.yaml"}, {"test", "rules", "alerts_test.yaml"},
		{"check", "config", "prometheus.yaml"}} {
		tool := exec.Command(promtool, args...)
		tool.Dir = watchFolder
		if said, err := tool.CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, said)
		}
	}
	asksPrometheus(t, r, all)
}

// asksPrometheus runs it, has it read the server, and puts each query to it.
func asksPrometheus(t *testing.T, r *running, all []query) {
	t.Helper()
	program, err := exec.LookPath("prometheus")
	if err != nil {
		t.Log("prometheus is not installed here: queries are not asked")
		return
	}
	l := listen(t)
	address := l.Addr().(*net.TCPAddr).String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	text := strings.NewReplacer("15s", "1s", "127.0.0.1:8081", r.admin).Replace(
		read(t, filepath.Join(watchFolder, "prometheus.yaml")))
	write(t, filepath.Join(dir, "prometheus.yaml"), text)
	write(t, filepath.Join(dir, "alerts.yaml"), read(t, filepath.Join(watchFolder, "alerts.yaml")))
	said, err := os.Create(filepath.Join(dir, "said"))
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command(program, "--config.file="+filepath.Join(dir, "prometheus.yaml"), "--storage.tsdb.path="+
		filepath.Join(dir, "data"),
		"--web.listen-address="+address)
	server.Stdout, server.Stderr = said, said
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
		_ = said.Close()
	})
	ask := func(expr string) (status string, series int) {
		response, err := http.Get("http://" + address + "/api/v1/query?query=" + url.QueryEscape(expr))
		if err != nil {
			return err.Error(), 0
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		var answer struct {
			Status, Error string
			Data          struct{ Result []any }
		}
		if err != nil || json.Unmarshal(body, &answer) != nil {
			return string(body), 0
		}
		return answer.Status + answer.Error, len(answer.Data.Result)
	}
	until(t, "it read the server twice", func() bool {
		_, n := ask(`count_over_time(tagwarden_hit_seconds_count[1m]) >= 2`)
		return n > 0
	})
	for _, q := range all {
		if status, _ := ask(q.expr); status != "success" {
			t.Errorf("%s: %s: %s", q.of, q.expr, status)
		}
	}
	for _, expr := range []string{
		`tagwarden_build_info`, `tagwarden_policy_info`, `up{job="tagwarden"} == 1`,
		`histogram_quantile(0.99, sum by (le, outcome) (rate(tagwarden_hit_seconds_bucket[1m])))`,
	} {
		if status, n := ask(expr); n == 0 {
			t.Errorf("%s: %s, and nothing is there", expr, status)
		}
	}
}

// docsNameEveryFigure: the table of figures has every one that a server has, and no other.
func docsNameEveryFigure(t *testing.T, there map[string]bool) {
	t.Helper()
	page, documented := read(t, "../cmd/tagwarden/docs/watch.md"), map[string]bool{}
	for _, name := range alarm.Names() {
		if !strings.Contains(page, "\n### "+string(name)+"\n\n") || !strings.Contains(page, "\n| `"+string(name)+"` | ") {
			t.Errorf("docs/watch.md says nothing of %s", name)
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `(tagwarden_[a-z_]+)[`{]").FindAllStringSubmatch(page, -1) {
		if documented[m[1]] {
			t.Errorf("%s stands there twice", m[1])
		}
		documented[m[1]] = true
	}
	for _, name := range slices.Sorted(maps.Keys(there)) {
		if strings.HasPrefix(name, "tagwarden_") && !documented[name] {
			t.Errorf("docs/watch.md has no line for %s", name)
		}
	}
	for name := range documented {
		if !there[name] {
			t.Errorf("docs/watch.md has %s, which no server has", name)
		}
	}
}
