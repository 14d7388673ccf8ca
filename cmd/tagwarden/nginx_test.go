package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// harmlessVariables are what of nginx's a log of hits may hold: nothing of the request's
// text, of its address or of who sent it.
var harmlessVariables = []string{
	"$time_iso8601", "$time_local", "$msec", "$status", "$request_length", "$request_time",
	"$body_bytes_sent", "$bytes_sent",
	"$upstream_status", "$upstream_response_time", "$upstream_connect_time", "$server_protocol", "$request_method",
}

var (
	logFormat  = regexp.MustCompile(`(?s)log_format\s+(\w+)\s+(.*?);`)
	accessLog  = regexp.MustCompile(`access_log\s+(\S+?)(?:\s+(\w+))?;`)
	errorLog   = regexp.MustCompile(`error_log\s+(\S+?)(?:\s+(\w+))?;`)
	comments   = regexp.MustCompile(`(?m)#.*$`)
	variables  = regexp.MustCompile(`\$\w+`)
	location   = regexp.MustCompile(`location[^{}]*\{[^{}]*\}`)
	passesOn   = regexp.MustCompile(`location[^{}]*\{([^{}]*proxy_pass[^{}]*)\}`)
	nginxFence = regexp.MustCompile("(?s)```(?:nginx)?\n(.*?)```")
)

// loggedByNginx says what a configuration of nginx writes down of hits that it passes on.
func loggedByNginx(text string) []string {
	text = comments.ReplaceAllString(text, "")
	formats := map[string]string{}
	for _, m := range logFormat.FindAllStringSubmatch(text, -1) {
		formats[m[1]] = m[2]
	}
	var all []string
	places := passesOn.FindAllStringSubmatch(text, -1)
	if len(places) != strings.Count(text, "proxy_pass") {
		all = append(all, "a proxy_pass that stands in no location of its own")
	}
	logs := func(where, text string) {
		for _, m := range accessLog.FindAllStringSubmatch(text, -1) {
			switch format, known := formats[m[2]]; {
			case m[1] == "off":
			case !known:
				all = append(all, where+"an access log in the form "+m[2])
			default:
				for _, v := range variables.FindAllString(format, -1) {
					if !slices.Contains(harmlessVariables, v) {
						all = append(all, where+v)
					}
				}
			}
		}
	}
	around := location.ReplaceAllString(text, "")
	whole := strings.Contains(around, "server {")
	if whole && !accessLog.MatchString(around) {
		all = append(all, "what is too long to have a place, into the access log that is there by default")
	}
	logs("around it ", around)
	for _, place := range places {
		if !whole && !accessLog.MatchString(place[1]) {
			all = append(all, "the access log that is there by default")
		}
		logs("", place[1])
		if m := errorLog.FindStringSubmatch(place[1]); m == nil || m[1] != "/dev/null" {
			all = append(all, "an error log: its messages hold the request and the address")
		}
	}
	return all
}

func TestLoggedByNginx(t *testing.T) {
	const quiet = "access_log off; error_log /dev/null emerg;"
	for text, want := range map[string]string{
		"location /t/ { proxy_pass http://a; " + quiet +
			" }": "",
		"location = /t { proxy_pass http://a; } # " +
			quiet: "the access log that is there by default|an error log: its messages hold the request and the address",
		"log_format x '$status'; location /t/ { proxy_pass http://a; access_log a.log x; error_log /dev/null; }":                       "",
		"log_format x '$status'\n '$request_uri $remote_addr'; location /t/ { proxy_pass http://a; access_log a.log x; error_log b; }": "$request_uri|$remote_addr|an error log: its messages hold the request and the address",
		"location /t/ { proxy_pass http://a; access_log a.log combined; error_log /dev/null; }":                                        "an access log in the form combined",
		"location /t/ { proxy_pass http://a; access_log a.log; error_log /dev/null; }":                                                 "an access log in the form ",
		"server { location /t/ { proxy_pass http://a; " + quiet +
			" } }": "what is too long to have a place, into the access log that is there by default",
		"server { access_log off; location /t/ { proxy_pass http://a; error_log /dev/null; } }": "",
		"server { access_log a.log main; location /t/ { proxy_pass http://a; " + quiet +
			" } }": "around it an access log in the form main",
		"server { access_log off; proxy_pass http://a; }": "a proxy_pass that stands in no location of its own",
	} {
		if got := strings.Join(loggedByNginx(text), "|"); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// TestNginxLogsNothingOfHits looks at every configuration of nginx that is shipped, in files and in documents.
func TestNginxLogsNothingOfHits(t *testing.T) {
	seen := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && d.Name() != ".." ||
			slices.Contains([]string{"node_modules", "testdata", "bench"}, d.Name())) {
			return filepath.SkipDir // bench measures nginx as it is on its own
		}
		kind := filepath.Ext(path)
		if d.IsDir() || kind != ".conf" && kind != ".md" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		parts := []string{string(text)}
		if kind == ".md" {
			parts = nil
			for _, m := range nginxFence.FindAllStringSubmatch(string(text), -1) {
				parts = append(parts, m[1])
			}
		}
		for _, part := range parts {
			if !strings.Contains(part, "proxy_pass") {
				continue
			}
			seen++
			for _, logged := range loggedByNginx(part) {
				t.Errorf("%s: nginx writes down %s", path, logged)
			}
		}
		return nil
	})
	if err != nil || seen == 0 {
		t.Errorf("%d configurations, %v", seen, err)
	}
}
