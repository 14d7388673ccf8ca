package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/namedfile"
	"github.com/tagwarden/tagwarden/proxy"
)

// healthPath is where the hits listener says whether it takes hits.
const healthPath = "/.tagwarden/health"

// answersWithin is how long an answer may take.
const answersWithin = 2 * time.Second

// health asks a running server whether it takes hits: for containers, which have nothing else to ask with. The admin
// listener's /readyz also names what staff has to look at meanwhile.
func health(ctx context.Context, t *terminal, args []string) int {
	f := t.flags("health", "[--config FILE | --url URL]")
	address := f.String("url", "", "where the hits listener answers; http://127.0.0.1:8080"+healthPath+
		", where neither this nor --config is given")
	file := f.String("config", "",
		"the server file of the server that is asked: where it listens, and by which certificate")
	rest, code, done := t.parse(f, args)
	if done || len(rest) > 0 {
		return orUsage(t, code, rest)
	}
	client, data, unfit := http.DefaultClient, "", error(nil)
	switch {
	case *file != "" && *address != "":
		t.fail("--config and --url both say where the server is: leave one out")
		return usage
	case *file != "":
		server, err := config.ReadServer(*file) // a server goes on where somebody broke its policy's files
		if err != nil {
			printf(t.err, "%v\n", err)
			return usage
		}
		origin := reachedAt(server)
		if origin == "" {
			t.fail("%s: listen is %s, so that nobody knows the port: say where the server answers by --url",
				*file, server.Listen)
			return usage
		}
		*address = origin + healthPath
		data = server.Data
		if _, unfit = proxy.DataFormat(data); errors.Is(unfit, fs.ErrPermission) {
			unfit = nil // who asks need not be let near the data
		}
		if client, err = trusting(server); err != nil {
			t.fail("%v", err)
			return usage
		}
	case *address == "":
		*address = "http://127.0.0.1:8080" + healthPath
	default:
		u, err := url.Parse(*address)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			t.fail("health --url: %s is no address: http://127.0.0.1:8080%s is right, or https://",
				echoedOr(*address, "what is given"), healthPath)
			return usage
		}
		if u.Path == "" || u.Path == "/" { // which answers whoever comes by, also where no hit is taken
			*address = u.JoinPath(healthPath).String()
		}
	}
	shown := withoutUser(*address)
	within, cancel := context.WithTimeout(ctx, answersWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(within, http.MethodGet, *address, nil)
	if err != nil {
		t.fail("%v", err)
		return usage
	}
	response, err := client.Do(request)
	if err != nil {
		if fault, is := errors.AsType[*url.Error](err); is {
			err = fault.Err
		}
		call, isCall := errors.AsType[*net.OpError](err)
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			t.fail("no answer at %s: none came within %v", shown, answersWithin)
		case isCall:
			t.fail("no answer at %s: %s", shown, whyNot(call.Err))
		default:
			t.fail("no answer at %s: %v", shown, err)
		}
		switch {
		case errors.Is(unfit, proxy.ErrRestoring):
			t.fail("no server starts on %s: %v", data, unfit)
		case unfit != nil:
			t.fail("no server of this version starts on %s: %v", data, unfit)
		}
		return findings
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, 16<<10))
	if err != nil || response.StatusCode != http.StatusOK {
		t.fail("%s: %s", response.Status, strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", "; "))
		return findings
	}
	if !ofTagwarden(response.Header, text) {
		t.fail("%s answers %s, and not as tagwarden does: something else answers there, or nothing that says how the "+
			"server is", shown, response.Status)
		t.hint("%s of the hits listener says it, and /healthz and /readyz of the admin listener", healthPath)
		return findings
	}
	if unfit != nil { // a server of another version serves it
		t.hint("%s: %v", data, unfit)
	}
	for line := range strings.Lines(strings.TrimSpace(string(text)) + "\n") {
		printf(t.out, "%s\n", strings.TrimSuffix(line, "\n"))
	}
	return fine
}

// ofTagwarden tells whether tagwarden gave an answer that says that all is well: by its header, or by the form that it
// had before there was one, a line that says ok and perhaps others behind it.
func ofTagwarden(header http.Header, text []byte) bool {
	if said := header.Get(proxy.HealthHeader); said != "" {
		return said == "ok"
	}
	return header.Get("Content-Type") == "text/plain; charset=utf-8" && bytes.HasPrefix(text, []byte("ok\n"))
}

// withoutUser is an address as messages show it: who asks by a password may not want it in a script's log.
func withoutUser(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "that address"
	}
	u.User = nil
	return u.String()
}

// trusting is a client that asks a server on this machine by the certificate that its file names, which is for the
// sites' hosts, and may be signed by nobody else.
func trusting(server *config.Server) (*http.Client, error) {
	own := server.TLS
	if own == nil {
		return http.DefaultClient, nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	text, err := namedfile.Read(own.Cert, namedfile.PEM)
	if err != nil {
		return nil, err
	}
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate: PEM is right", own.Cert)
	}
	named := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	if block, _ := pem.Decode(text); block != nil {
		if certificate, err := x509.ParseCertificate(block.Bytes); err == nil && len(certificate.DNSNames) > 0 {
			named.ServerName = strings.Replace(certificate.DNSNames[0], "*", "any", 1)
		}
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: named}}, nil
}
