package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/access"
	"github.com/tagwarden/tagwarden/proxy/problem"
)

// contract holds what the API's own tests call, and are answered, against its description.
var contract = sync.OnceValues(func() (validator.Validator, error) {
	var all any
	if err := json.Unmarshal(Description(), &all); err != nil {
		return nil, err
	}
	closeObjects(all)
	text, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	document, err := libopenapi.NewDocument(text)
	if err != nil {
		return nil, err
	}
	v, faults := validator.NewValidator(document, config.WithFormatAssertions(), config.WithoutSecurityValidation())
	if len(faults) > 0 {
		return nil, fmt.Errorf("%v", faults)
	}
	return v, nil
})

// closeObjects has a description say of objects that they have no other members than those that it names: callers are
// told that members may come to be, and here one that came to be without a word is found.
func closeObjects(in any) {
	switch v := in.(type) {
	case map[string]any:
		_, said := v["additionalProperties"]
		if _, named := v["properties"]; v["type"] == "object" && named && !said {
			v["additionalProperties"] = false
		}
		for _, inner := range v {
			closeObjects(inner)
		}
	case []any:
		for _, inner := range v {
			closeObjects(inner)
		}
	}
}

// longestHeld is how long a body may be that is held against the description, in bytes.
const longestHeld = 64 << 10

// held holds a call and its answer against the description: an answer is one that stands there, also where something
// was wrong; a call that was carried out is asked as it says.
func held(t *testing.T, r *http.Request, body string, w *httptest.ResponseRecorder) {
	t.Helper()
	v, err := contract()
	if err != nil {
		t.Fatal(err)
	}
	tile := strings.HasPrefix(r.URL.Path, tilesPath) && strings.Count(r.URL.Path, "/") != 3 // {index} has no slashes there
	if r.Method == http.MethodHead || len(body) > longestHeld || w.Body.Len() > longestHeld || tile {
		return
	}
	again := r.Clone(t.Context())
	again.Body = io.NopCloser(strings.NewReader(body))
	answer := w.Result()
	answer.Body = io.NopCloser(bytes.NewReader(w.Body.Bytes()))
	defer func() { _ = answer.Body.Close() }()
	if !describes(r) {
		if w.Code != http.StatusNotFound && w.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s %s is answered with %d, and is not described", r.Method, r.URL.Path, w.Code)
		}
		return
	}
	if w.Code == http.StatusNotFound && gjson.GetBytes(w.Body.Bytes(),
		"detail").Str == "there is nothing at this address" {
		return // what is the operator's alone
	}
	if good, faults := v.ValidateHttpResponse(again, answer); !good {
		for _, fault := range faults {
			t.Errorf("%s %s is answered with %d %s\nwhich the description does not say: %s %s %v", r.Method,
				r.URL, w.Code, w.Body,
				fault.Message, fault.Reason, fault.SchemaValidationErrors)
		}
	}
	again.Body = io.NopCloser(strings.NewReader(body))
	if good, faults := v.ValidateHttpRequest(again); !good && w.Code < 300 {
		for _, fault := range faults {
			t.Errorf("%s %s %s was carried out\nand the description does not know it: %s %s %v", r.Method,
				r.URL, body, fault.Message,
				fault.Reason, fault.SchemaValidationErrors)
		}
	}
}

// describes tells whether the description has a call.
func describes(r *http.Request) bool {
	pattern, _ := pathOf(strings.TrimPrefix(r.URL.Path, Base))
	if strings.HasPrefix(r.URL.Path, Base) {
		pattern = Base + pattern
	}
	if strings.HasPrefix(pattern, tilesPath) {
		pattern = tilesPath + "{level}/{index}"
	}
	return described(pattern, r.Method).Exists()
}

// described is what is said of a call.
func described(path, method string) gjson.Result {
	return gjson.GetBytes(Description(), "paths."+gjson.Escape(path)).Get(strings.ToLower(method))
}

// TestDescriptionIsOpenAPI: it is what the specification says a description is.
func TestDescriptionIsOpenAPI(t *testing.T) {
	v, err := contract()
	if err != nil {
		t.Fatal(err)
	}
	good, faults := v.ValidateDocument()
	for _, fault := range faults {
		t.Errorf("%s: %s %v", fault.Message, fault.Reason, fault.SchemaValidationErrors)
	}
	if !good || gjson.GetBytes(Description(), "openapi").Str != "3.1.0" {
		t.Error("it is none")
	}
}

// TestEachCallIsDescribed: with the permission that it wants, and nothing is described that is not there.
func TestEachCallIsDescribed(t *testing.T) {
	want := map[string]string{
		"get /checkpoint": "proofs", "get /tile/{level}/{index}": "proofs",
		"get /metrics": "none", "get /healthz": "none", "get /readyz": "none",
	}
	for _, one := range calls {
		permission := string(one.may)
		if permission == "" {
			permission = "operator"
		}
		want[strings.ToLower(one.method)+" "+Base+one.path] = permission
	}
	got := map[string]string{}
	ids := map[string]bool{}
	gjson.GetBytes(Description(), "paths").ForEach(func(path, of gjson.Result) bool {
		of.ForEach(func(method, call gjson.Result) bool {
			name := method.Str + " " + path.Str
			got[name] = call.Get("x-permission").Str
			token := call.Get("security.0.token").Exists()
			if open := slices.Contains([]string{"anybody", "operator", "none"}, got[name]); token == open {
				t.Errorf("%s wants %s, and a token: %v", name, got[name], token)
			}
			if id := call.Get("operationId").Str; id == "" || ids[id] || call.Get("summary").Str == "" {
				t.Errorf("%s has no name of its own, or no summary", name)
			} else {
				ids[id] = true
			}
			return true
		})
		return true
	})
	for name, permission := range want {
		if got[name] != permission {
			t.Errorf("%s wants %q, and is described to want %q", name, permission, got[name])
		}
	}
	for name := range got {
		if _, there := want[name]; !there {
			t.Errorf("%s is described, and not there", name)
		}
	}
}

// TestListsAreDescribed: roles, permissions, ways of reading, members of records and kinds
// of problems are those that there are.
func TestListsAreDescribed(t *testing.T) {
	list := func(path string) (all []string) {
		for _, one := range gjson.GetBytes(Description(), path).Array() {
			all = append(all, one.Str)
		}
		return all
	}
	var roles, permissions []string
	for _, role := range access.Roles() {
		roles = append(roles, string(role))
	}
	for _, p := range access.Permissions() {
		permissions = append(permissions, string(p))
	}
	for name, lists := range map[string][2][]string{
		"roles":       {roles, list("components.schemas.Role.enum")},
		"permissions": {permissions, list("components.schemas.Permission.enum")},
		"verbs":       {Verbs(), list("components.schemas.ReadingAsk.properties.verb.enum")},
		"parameters": {RecordParameters(),
			list(`paths.` + gjson.Escape(Base+"/ledger/records") + `.get.parameters.#.name`)},
	} {
		if !slices.Equal(lists[0], lists[1]) {
			t.Errorf("%s are %v, and described are %v", name, lists[0], lists[1])
		}
	}
	kinds := map[string]bool{}
	kind := regexp.MustCompile(`problem\.New\(\s*(?:http|fasthttp)\.Status\w+,\s*"([a-z-]+)"`)
	for _, pattern := range []string{"*.go", "../*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range kind.FindAllSubmatch(text, -1) {
				if !strings.HasSuffix(file, "_test.go") {
					kinds[problem.Prefix+string(m[1])] = true
				}
			}
		}
	}
	said := map[string]bool{}
	for _, all := range gjson.GetBytes(Description(),
		`components.responses.@values.#.content.application/problem+json.schema.properties.type.enum`).Array() {
		for _, one := range all.Array() {
			said[one.Str] = true
		}
	}
	for one := range kinds {
		if !said[one] {
			t.Errorf("%s is no problem that is described", one)
		}
	}
	for one := range said {
		if !kinds[one] {
			t.Errorf("%s is described, and never told", one)
		}
	}
	if len(kinds) < 15 {
		t.Errorf("only %d kinds of problems were found: this test looks in the wrong place", len(kinds))
	}
}

// TestDescriptionIsServed: to anybody, as it is.
func TestDescriptionIsServed(t *testing.T) {
	a := newAPI(t)
	w := a.call(a.face, "GET", Base+"/openapi.json", "", "Authorization: ")
	if w.Code != 200 || !bytes.Equal(w.Body.Bytes(), Description()) || !json.Valid(w.Body.Bytes()) ||
		strings.Contains(w.Body.String(), "x-answers") || strings.Contains(w.Body.String(), "<<") {
		t.Errorf("%d %.200s", w.Code, w.Body)
	}
}
