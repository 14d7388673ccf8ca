package rules_test

import (
	"strings"
	"testing"
)

// TestLeakThroughThePath: where a vendor's path has a place for a key or a version, nobody's address is one.
func TestLeakThroughThePath(t *testing.T) {
	t.Parallel()
	p := compile(t, draft())
	for path, known := range map[string]bool{
		"posthog GET /array/phc_abcdefghijklmnop/config":                  true,
		"posthog GET /array/jane.doe@example.com/config":                  false,
		"posthog GET /array/jane.doe%40example.com/config":                false,
		"posthog GET /static/jane.doe%2540example.com/array.js":           false,
		"posthog GET /static/1.2.3/array.js":                              true,
		"segment GET /v1/projects/wk/settings":                            true,
		"segment GET /v1/projects/eyJhbGciOiJIUzI1NiJ9.e30.eA/settings":   false,
		"meta_capi POST /v21.0/255813999377376/events":                    true,
		"meta_capi POST /v21.0/jane.doe@example.com/events":               false,
		"meta_capi POST /amFuZS5kb2VAZXhhbXBsZS5jb20=/25581399937/events": false,
		"meta_capi POST /amFuZS5kb2VAZXhhbXBsZS5jb20/25581399937/events":  false,
	} {
		vendor, request1, _ := strings.Cut(path, " ")
		body := ""
		if strings.HasPrefix(request1, "POST") {
			body = `{"data":[{"event_name":"x","event_time":1700000000,"action_source":"website","user_data":{"client_user_agent":"x"}}]}`
		}
		x := explain(t, p, request(t, request1+"?access_token=t HTTP/1.1\nContent-Type: application/json\n\n"+
			body, vendor, yes))
		if got := x.Reason != "unknown_path"; got != known {
			t.Errorf("%s: %q, %+v", path, x.Reason, x.Forward)
		}
	}
}
