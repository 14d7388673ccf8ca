package proxy_test

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The members of a dashboard that Grafana reads, as it names them. What is not among them is a mistake.
type (
	grafanaBoard struct {
		Title, UID, Timezone, Refresh        string
		Tags                                 []string
		SchemaVersion, Version, GraphTooltip int
		Editable                             bool
		Time                                 struct{ From, To string }
		Templating                           struct{ List []grafanaVariable }
		Annotations                          struct{ List []grafanaAnnotation }
		Panels                               []grafanaPanel
	}
	grafanaSource   struct{ Type, UID string }
	grafanaVariable struct {
		Name, Label, Type, AllValue string
		Datasource                  *grafanaSource
		Query                       json.RawMessage
		Refresh                     int
		IncludeAll, Multi           bool
		Current                     map[string]string
	}
	grafanaAnnotation struct {
		Name, IconColor, Expr, TitleFormat, TextFormat string
		Datasource                                     *grafanaSource
		Enable                                         bool
	}
	grafanaPanel struct {
		ID                       int
		Type, Title, Description string
		GridPos                  *struct{ X, Y, W, H int }
		Collapsed                *bool
		Panels                   []json.RawMessage
		Datasource               *grafanaSource
		Targets                  []grafanaTarget
		FieldConfig              struct {
			Defaults struct {
				Unit       string
				Min, Max   *float64
				Thresholds *struct {
					Mode  string
					Steps []struct {
						Color string
						Value *float64
					}
				}
				Custom map[string]any
			}
			Overrides []json.RawMessage
		}
		Options         map[string]json.RawMessage
		Transformations []struct {
			ID      string
			Options map[string]json.RawMessage
		}
	}
	grafanaTarget struct {
		RefID, Expr, Format string
		LegendFormat        *string
		Datasource          *grafanaSource
		Instant             bool
	}
)

// grafanaUnits are units by the ids that Grafana has for them.
var grafanaUnits = []string{"short", "none", "s", "ms", "d", "bytes", "reqps", "ops", "percentunit", "percent", "Bps"}

// grafanaSeries is where every panel asks: the source that is chosen at the top.
var grafanaSeries = grafanaSource{Type: "prometheus", UID: "${datasource}"}

// grafanaOptions are the options that each type of panel has to say, by Grafana's own schema of
// dashboards; of a legend those behind the dot.
var grafanaOptions = map[string][]string{
	"stat": {
		"reduceOptions", "graphMode", "colorMode", "justifyMode", "textMode", "wideLayout", "showPercentChange",
		"percentChangeColorMode", "orientation",
	},
	"table":      {"frameIndex"},
	"timeseries": {"legend", "legend.displayMode", "legend.placement", "legend.showLegend", "legend.calcs", "tooltip"},
}

// TestPanelsSayTheirOptions: each says all that the schema asks of its type.
func TestPanelsSayTheirOptions(t *testing.T) {
	t.Parallel()
	var board struct {
		Panels []struct {
			Type, Title string
			Options     map[string]json.RawMessage
		}
	}
	if err := json.Unmarshal([]byte(read(t, filepath.Join(watchFolder, "dashboard.json"))), &board); err != nil {
		t.Fatal(err)
	}
	for _, p := range board.Panels {
		if p.Type == "row" {
			continue
		}
		wanted, known := grafanaOptions[p.Type]
		if !known {
			t.Errorf("%s: which options a panel of type %s has is not known here", p.Title, p.Type)
		}
		for _, name := range wanted {
			in := p.Options
			if of, below, found := strings.Cut(name, "."); found {
				in, name = nil, below
				if err := json.Unmarshal(p.Options[of], &in); err != nil {
					t.Errorf("%s: %s: %v", p.Title, of, err)
				}
			}
			if in[name] == nil {
				t.Errorf("%s says nothing of %s", p.Title, name)
			}
		}
	}
}

// TestDashboardIsAsGrafanaReadsIt: what it does not know it leaves out without a word,
// and what it lacks shows as "No data".
func TestDashboardIsAsGrafanaReadsIt(t *testing.T) {
	t.Parallel()
	text := read(t, filepath.Join(watchFolder, "dashboard.json"))
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	var board grafanaBoard
	if err := decoder.Decode(&board); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`).MatchString(board.UID) || board.Title == "" ||
		board.SchemaVersion < 36 ||
		!strings.HasPrefix(board.Time.From, "now-") || board.Time.To != "now" || len(board.Panels) == 0 {
		t.Errorf("%q: uid, title, schemaVersion (36 or later) and time are wanted", board.UID)
	}
	board.variables(t, text)
	for _, a := range board.Annotations.List {
		if a.Name == "" || a.Expr == "" || a.IconColor == "" || a.Datasource == nil || *a.Datasource != grafanaSeries {
			t.Errorf("annotation %q is not whole", a.Name)
		}
	}
	end := 0
	for i := range board.Panels {
		p := &board.Panels[i]
		if p.GridPos == nil || p.GridPos.X < 0 || p.GridPos.W < 1 || p.GridPos.H < 1 || p.GridPos.Y > end {
			t.Fatalf("panel %d, %s, lies nowhere, or leaves a gap above it: %+v", p.ID, p.Title, p.GridPos)
		}
		end = max(end, p.GridPos.Y+p.GridPos.H)
		if p.Type == "row" {
			if p.GridPos.W != 24 || p.GridPos.H != 1 || p.Collapsed == nil || *p.Collapsed || p.Panels == nil ||
				len(p.Targets) > 0 {
				t.Errorf("row %s is not whole", p.Title)
			}
			continue
		}
		p.whole(t)
	}
}

// variables sees that each is whole, and that what is used of them is there, and what is there used.
func (b *grafanaBoard) variables(t *testing.T, text string) {
	t.Helper()
	var named []string
	for _, v := range b.Templating.List {
		named = append(named, v.Name)
		var query struct{ Query, RefID string }
		switch v.Type {
		case "datasource":
			if string(v.Query) != `"prometheus"` || v.Datasource != nil {
				t.Errorf("variable %s offers %s", v.Name, v.Query)
			}
		case "query":
			if json.Unmarshal(v.Query, &query) != nil || !strings.HasPrefix(query.Query, "label_values(tagwarden_") ||
				query.RefID == "" ||
				v.Datasource == nil || *v.Datasource != grafanaSeries || v.Refresh < 1 || v.Refresh > 2 ||
				v.IncludeAll && v.AllValue == "" {
				t.Errorf("variable %s is not whole", v.Name)
			}
		default:
			t.Errorf("variable %s is of type %q", v.Name, v.Type)
		}
	}
	used := map[string]bool{}
	for _, m := range regexp.MustCompile(`\$\{?([A-Za-z_]+)`).FindAllStringSubmatch(text, -1) {
		if used[m[1]] = true; !strings.HasPrefix(m[1], "__") && !slices.Contains(named, m[1]) {
			t.Errorf("$%s is used, and no variable", m[1])
		}
	}
	for _, name := range named {
		if !used[name] {
			t.Errorf("variable %s is used nowhere", name)
		}
	}
}

// whole sees that a panel has what Grafana shows one by.
func (p *grafanaPanel) whole(t *testing.T) {
	t.Helper()
	if p.Datasource == nil || *p.Datasource != grafanaSeries || !slices.Contains(grafanaUnits,
		p.FieldConfig.Defaults.Unit) || p.FieldConfig.Overrides == nil {
		t.Errorf("%s: datasource %v, unit %q, overrides %v", p.Title, p.Datasource, p.FieldConfig.Defaults.Unit,
			p.FieldConfig.Overrides)
	}
	if th := p.FieldConfig.Defaults.Thresholds; th != nil {
		for i, step := range th.Steps {
			if th.Mode != "absolute" || step.Color == "" || (step.Value == nil) != (i == 0) || i > 1 &&
				*step.Value <= *th.Steps[i-1].Value {
				t.Errorf("%s: thresholds begin with null, and rise: %+v", p.Title, th)
			}
		}
	}
	wanted, known := map[string][]string{
		"stat":       {"reduceOptions", "colorMode"},
		"table":      {"showHeader"},
		"timeseries": {"legend", "tooltip"},
	}[p.Type]
	if !known {
		t.Errorf("%s is of type %q", p.Title, p.Type)
	}
	for _, option := range wanted {
		if p.Options[option] == nil {
			t.Errorf("%s, a %s, lacks options.%s", p.Title, p.Type, option)
		}
	}
	ids := map[string]bool{}
	for _, of := range p.Targets {
		if ids[of.RefID] || !regexp.MustCompile(`^[A-Z]$`).MatchString(of.RefID) || of.Expr == "" || of.LegendFormat == nil ||
			of.Datasource == nil || *of.Datasource != *p.Datasource || (of.Format == "table" && of.Instant) != (p.Type == "table") {
			t.Errorf("%s: query %q is not whole: %+v", p.Title, of.RefID, of)
		}
		ids[of.RefID] = true
		if p.Type == "timeseries" && *of.LegendFormat == "" {
			t.Errorf("%s: query %s has no legend", p.Title, of.RefID)
		}
	}
	if p.Type == "table" && len(p.Targets) != 1 { // Grafana shows one of several, and hides the others behind a list
		t.Errorf("%s: a table shows one query, and has %d", p.Title, len(p.Targets))
	}
}
