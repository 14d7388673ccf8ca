package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"
)

// health asks a running server whether it takes hits: for containers, which have nothing else to ask with. The admin
// listener's /readyz also names what staff has to look at meanwhile.
func health(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("health", "[--url URL]")
	url := f.String("url", "http://127.0.0.1:8080/.tagwarden/health", "where the hits listener answers")
	rest, code, done := t.parse(f, args)
	if done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	within, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(within, http.MethodGet, *url, nil)
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.fail("%v", err)
		return findings
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, 16<<10))
	if err != nil || response.StatusCode != http.StatusOK {
		t.fail("%s: %s", response.Status, strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", "; "))
		return findings
	}
	for line := range strings.Lines(strings.TrimSpace(string(text)) + "\n") {
		printf(t.out, "%s\n", strings.TrimSuffix(line, "\n"))
	}
	return fine
}
