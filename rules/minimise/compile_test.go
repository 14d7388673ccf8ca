package minimise

import (
	"errors"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/hit"
)

func TestCompileRefuses(t *testing.T) {
	tests := []struct {
		spec  Spec
		class hit.Class
		param string
		says  string
	}{
		{Spec{Kind: Truncate, Truncate: TruncateSpec{To: "hour"}}, hit.URL, "to", "use url"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{V4: new(28)}}, hit.IP, "v4", "0 to 24"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{V6: new(128)}}, hit.IP, "v6", "0 to 64"},
		{Spec{Kind: Truncate}, hit.IP, "", "takes one of"},
		{Spec{Kind: Truncate, Truncate: TruncateSpec{V4: new(16), To: "day"}}, hit.IP, "", "takes one of"},
		{Spec{Kind: Generalise, Generalise: "family"}, hit.URL, "family", "user_agent"},
		{Spec{Kind: Generalise, Generalise: "best"}, hit.URL, "to", "must be"},
		{Spec{Kind: Keep}, hit.Unknown, "", "unknown class"},
		{Spec{Kind: Scrub}, hit.Container, "", "container"},
		{Spec{Kind: Pseudonymise}, hit.URL, "", "use url"},
		{Spec{Kind: Pseudonymise, Pseudonymise: PseudonymiseSpec{Rotate: "hour"}}, hit.UserID, "rotate", "day, week"},
		{Spec{Kind: Pseudonymise, Pseudonymise: PseudonymiseSpec{Scope: "site"}}, hit.UserID, "scope", "vendor or purpose"},
		{Spec{Kind: Pseudonymise, Pseudonymise: PseudonymiseSpec{Bits: 3}}, hit.UserID, "bits", "8 to 128"},
		{Spec{Kind: Derive}, hit.UserID, "id", "daily_visitor"},
		{Spec{Kind: Hash, Hash: "md5"}, hit.Email, "function", "sha256"},
		{Spec{Kind: Only}, hit.Custom, "values", "at least one"},
		{Spec{Kind: Rare, Rare: RareSpec{K: 1}}, hit.Screen, "k", "at least 2"},
		{Spec{Kind: Rare, Rare: RareSpec{K: 1001}}, hit.Screen, "k", "at most 1000"},
		{Spec{Kind: Rare, Rare: RareSpec{Days: 31}}, hit.Screen, "days", "from 1 to 30"},
		{Spec{Kind: Rare, Rare: RareSpec{With: []string{"screen"}}}, hit.Screen, "with", "none of the other classes"},
		{Spec{Kind: Rare, Rare: RareSpec{With: []string{"email"}}}, hit.Screen, "with", "none of the other classes"},
		{Spec{Kind: URL, URL: URLSpec{Query: []string{"gclid"}}}, hit.URL, "query", "click id"},
		{Spec{Kind: URL, URL: URLSpec{Query: []string{"*"}}}, hit.URL, "query", "name"},
		{Spec{Kind: URL, URL: URLSpec{IDs: "mask"}}, hit.URL, "ids", "template, cut, keep"},
		{Spec{Kind: URL, URL: URLSpec{Templates: []string{"account"}}}, hit.URL, "templates", "starts with /"},
		{Spec{Kind: URL}, hit.UserID, "", "use pseudonymise"},
	}
	for _, tt := range tests {
		a, err := Compile(tt.spec, tt.class)
		var pe *ParamError
		if a != nil || !errors.As(err, &pe) || pe.Param != tt.param || !strings.Contains(pe.Msg, tt.says) {
			t.Errorf("%v %v: %v", tt.spec.Kind, tt.class, err)
		}
	}
}

func TestSpecSet(t *testing.T) {
	values := map[ParamType]func(Param) any{
		Enum: func(p Param) any {
			return p.Values[0]
		}, Int: func(p Param) any { return p.Max }, Text: func(Param) any { return "x" },
		Names: func(p Param) any {
			if p.Name == "templates" {
				return []string{"/a/:id"}
			}
			return []string{"x"}
		},
	}
	for k := range NumKinds {
		for _, p := range Params[k] {
			s := Spec{Kind: k}
			before := s.canon()
			if err := s.Set(p.Name, values[p.Type](p)); err != nil || s.canon() == before {
				t.Errorf("%v %s: %v, %s", k, p.Name, err, s.canon())
			}
			if err := s.Set(p.Name, 3.5); err == nil {
				t.Errorf("%v %s takes 3.5", k, p.Name)
			}
		}
		s := Spec{Kind: k}
		if err := s.Set("colour", "red"); err == nil {
			t.Errorf("%v takes a colour", k)
		}
		if got, ok := ParseKind(k.String()); !ok || got != k {
			t.Errorf("%v is read as %v", k, got)
		}
	}
}

func TestStrictest(t *testing.T) {
	ip := func(v4, v6 *int) *Action {
		return must(t, Spec{Kind: Truncate, Truncate: TruncateSpec{V4: v4, V6: v6}}, hit.IP)
	}
	id := func(p PseudonymiseSpec) *Action {
		return must(t, Spec{Kind: Pseudonymise, Pseudonymise: p}, hit.ClientID)
	}
	keepIP, keepID, keepURL := must(t, Spec{Kind: Keep}, hit.IP), must(t, Spec{Kind: Keep}, hit.ClientID),
		must(t, Spec{Kind: Keep}, hit.URL)
	dropIP, origin, url := must(t, Spec{}, hit.IP), must(t, Spec{Kind: Generalise, Generalise: "origin"}, hit.URL),
		must(t, Spec{Kind: URL}, hit.URL)
	derive := must(t, Spec{Kind: Derive, Derive: "daily_visitor"}, hit.ClientID)
	day, week, month := id(PseudonymiseSpec{}), id(PseudonymiseSpec{Rotate: "week"}), id(PseudonymiseSpec{Rotate: "month"})
	bits := id(PseudonymiseSpec{Bits: 16})
	a16, a24, b := ip(new(16), new(32)), ip(new(24), new(48)), ip(new(8), new(64))
	tests := []struct{ a, b, want *Action }{
		{keepIP, a16, a16}, {a16, a24, a16}, {a16, b, nil}, {dropIP, a16, dropIP}, {keepID, day, day}, {day, week, day},
		{week, month, nil}, {bits, day, bits}, {bits, week, bits},
		{derive, week, derive}, {origin, url, origin}, {url, keepURL, url}, {a16, ip(new(16), new(32)), a16},
		{ip(new(16), nil), a16, ip(new(16), nil)},
	}
	for i, tt := range tests {
		for _, got := range []*Action{Strictest(tt.a, tt.b), Strictest(tt.b, tt.a)} {
			if tt.want == nil && got.Kind() != Drop || tt.want != nil &&
				(got.kind != tt.want.kind || got.canon != tt.want.canon) {
				t.Errorf("%d: %v %s", i, got.Kind(), got.canon)
			}
		}
	}
	// Of two classes neither is stricter, whatever is done to them.
	for _, a := range []*Action{keepID, day, derive, keepURL, url, origin, a16, keepIP} {
		for _, b := range []*Action{keepID, day, derive, keepURL, url, origin, a16, keepIP} {
			if got := Strictest(a, b); a.class != b.class && got.Kind() != Drop {
				t.Errorf("%v %v and %v %v: %v", a.kind, a.class, b.kind, b.class, got.Kind())
			}
		}
	}
	if Strictest(nil, a16) != nil {
		t.Error("nil is not strictest")
	}
}

// TestIdentifiersOfTwoWays: of two ways to treat an identifier the stricter holds, both where events share it and where
// it is of two classes; drop beats each, and each beats keep.
func TestIdentifiersOfTwoWays(t *testing.T) {
	specs := map[Kind]Spec{
		Drop: {}, Keep: {Kind: Keep}, Hash: {Kind: Hash, Hash: "sha256"}, Pseudonymise: {Kind: Pseudonymise},
		Derive: {Kind: Derive, Derive: "daily_visitor"},
		Rare:   {Kind: Only, Only: []string{"x"}},
	}
	both := map[[2]Kind]Kind{
		{Keep, Hash}: Hash, {Keep, Pseudonymise}: Pseudonymise, {Keep, Derive}: Derive, {Hash, Pseudonymise}: Pseudonymise,
		{Hash, Derive}: Derive, {Pseudonymise, Derive}: Derive,
	}
	shared := map[[2]Kind]Kind{
		{Keep, Hash}: Hash, {Keep, Pseudonymise}: Pseudonymise, {Keep, Derive}: Derive, {Hash, Pseudonymise}: Drop,
		{Hash, Derive}: Derive, {Pseudonymise, Derive}: Derive,
	}
	for _, k := range []Kind{Drop, Keep, Hash, Pseudonymise, Derive} {
		for _, l := range []Kind{Drop, Keep, Hash, Pseudonymise, Derive} {
			a, b, alias := must(t, specs[k], hit.UserID), must(t, specs[l], hit.UserID), must(t, specs[l], hit.ExternalID)
			wantBoth, wantShared := k, k
			if k != l {
				wantBoth, wantShared = max(both[[2]Kind{k, l}], both[[2]Kind{l, k}]),
					max(shared[[2]Kind{k, l}], shared[[2]Kind{l, k}])
			}
			if got := Both(a, alias); got.Kind() != wantBoth {
				t.Errorf("%v by place and %v by name: %v, want %v", k, l, got.Kind(), wantBoth)
			}
			if got := Strictest(a, b); got.Kind() != wantShared {
				t.Errorf("%v and %v of two events: %v, want %v", k, l, got.Kind(), wantShared)
			}
		}
	}
	// Of two pseudonyms the one that joins less, where one of them does.
	pseudo := func(class hit.Class, scope, rotate string, bits int) *Action {
		return must(t, Spec{Kind: Pseudonymise, Pseudonymise: PseudonymiseSpec{Scope: scope, Rotate: rotate, Bits: bits}},
			class)
	}
	day, week, month := pseudo(hit.UserID, "", "day", 0), pseudo(hit.ExternalID, "", "week", 0),
		pseudo(hit.UserID, "", "month", 0)
	bits, purpose := pseudo(hit.UserID, "", "week", 16), pseudo(hit.UserID, "purpose", "week", 0)
	for i, c := range [][3]*Action{{day, week, day}, {week, day, day}, {week, month, nil}, {month, week, nil},
		{bits, week, bits}, {week, bits, bits}, {purpose, week, purpose}, {week, purpose, purpose}} {
		if got := Both(c[0], c[1]); got != c[2] {
			t.Errorf("%d: %v", i, got)
		}
	}
	only := must(t, specs[Rare], hit.ExternalID)
	for _, k := range []Kind{Hash, Pseudonymise, Derive} {
		if got := Both(must(t, specs[k], hit.UserID), only); got.Kind() != Drop {
			t.Errorf("%v and only: %v", k, got.Kind())
		}
	}
}

// TestBounds: numbers are taken from the least to the most that their parameter says, and no further.
func TestBounds(t *testing.T) {
	for k := range NumKinds {
		for _, p := range Params[k] {
			if p.Type != Int {
				continue
			}
			taken := func(n int) bool {
				for class := hit.Unknown + 1; class < hit.NumClasses; class++ {
					s := Spec{Kind: k}
					of, _ := parameterOf(k, p.Name) // Set refuses some of them first
					switch at := of.at(&s).(type) {
					case *int:
						*at = n
					case **int:
						*at = &n
					}
					if _, err := Compile(s, class); err == nil {
						return true
					}
				}
				return false
			}
			for n, want := range map[int]bool{p.Min: true, p.Max: true, p.Min + 1: true, p.Max - 1: true, p.Min - 1: false,
				p.Max + 1: false} {
				of, _ := parameterOf(k, p.Name)
				if _, plain := of.at(new(Spec)).(*int); n == 0 && plain { // not given
					continue
				}
				s := Spec{Kind: k}
				if err := s.Set(p.Name, n); want && err != nil {
					t.Errorf("%v %s: %d: %v", k, p.Name, n, err)
				}
				if taken(n) != want {
					t.Errorf("%v %s: %d is taken: %v", k, p.Name, n, !want)
				}
			}
		}
	}
	with := make([]string, 0, most+1)
	for class := hit.Unknown + 1; len(with) <= most; class++ {
		if class != hit.URL && common.has(class) {
			with = append(with, class.String())
		}
	}
	for n, want := range map[int]bool{0: true, most: true, most + 1: false} {
		if _, err := Compile(Spec{Kind: Rare, Rare: RareSpec{With: with[:n]}}, hit.URL); (err == nil) != want {
			t.Errorf("with %d classes: %v", n, err)
		}
	}
}

// TestParamOf: a parameter is known by its name alone.
func TestParamOf(t *testing.T) {
	for k := range NumKinds {
		for _, p := range Params[k] {
			if got, ok := ParamOf(k, p.Name); !ok || got.Name != p.Name {
				t.Errorf("%v: no %s", k, p.Name)
			}
		}
		if _, ok := ParamOf(k, "colour"); ok {
			t.Errorf("%v has a colour", k)
		}
	}
}

func TestWithin(t *testing.T) {
	if !Drop.Within(Keep) || !URL.Within(URL) || URL.Within(Keep) || Keep.Within(URL) || NumKinds.Within(NumKinds) {
		t.Error("a profile may do what the assessment names, or drop")
	}
	for k := range NumKinds {
		if k != Drop && k.Rank() >= Drop.Rank() || k != Keep && k.Rank() <= Keep.Rank() {
			t.Errorf("%v has rank %d", k, k.Rank())
		}
	}
}
