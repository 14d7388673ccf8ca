package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// remoteFlags reach a server from elsewhere, with a token and nothing else:
// whoever has one needs no right to its files.
type remoteFlags struct {
	set    *flag.FlagSet
	server *string
	token  *string
	ca     *string
}

// addRemoteFlags adds --server, --token-file and --ca.
func addRemoteFlags(f *flag.FlagSet) remoteFlags {
	return remoteFlags{
		f,
		f.String("server", "", "the admin listener of a server, https://..., in place of its files"),
		f.String("token-file", "", "the file that holds the token for it, as `token create` printed it"),
		f.String("ca", "", "the certificates by which the server's is trusted, PEM; those of the system"),
	}
}

// given tells whether a server is asked, and not its files.
func (r remoteFlags) given() bool { return *r.server != "" || *r.token != "" || *r.ca != "" }

// client reaches the server. What is wrong with the flags is the error.
func (r remoteFlags) client() (*client, error) {
	switch {
	case *r.server == "":
		return nil, errors.New("--server is missing: the address of the admin listener, such as https://admin.shop.example")
	case *r.token == "":
		return nil, errors.New("--token-file is missing: a file with the token; `tagwarden token create` makes one")
	}
	var other string
	r.set.Visit(func(f *flag.Flag) {
		if f.Name == "config" || f.Name == "dir" {
			other = dashed(f.Name)
		}
	})
	if other != "" {
		return nil, fmt.Errorf("--server and %s: one of them says which log is meant", other)
	}
	base, err := serverAddress(*r.server)
	if err != nil {
		return nil, fmt.Errorf("--server: %w", err)
	}
	bearer, err := readBearer(*r.token)
	if err != nil {
		return nil, fmt.Errorf("--token-file: %w", err)
	}
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	if *r.ca != "" {
		if trust.RootCAs, err = readCertificates(*r.ca); err != nil {
			return nil, fmt.Errorf("--ca: %w", err)
		}
	}
	return &client{
		client: &http.Client{
			Timeout:       time.Minute,
			Transport:     &http.Transport{TLSClientConfig: trust, Proxy: http.ProxyFromEnvironment},
			CheckRedirect: stay,
		},
		close: func() error { return nil }, base: base, bearer: bearer,
	}, nil
}

// stay follows nobody elsewhere: the token is for one server.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// serverAddress reads the address of a server. Over http a token goes to this machine alone:
// elsewhere anybody on the way could read it.
func serverAddress(text string) (string, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return "", errors.New("https://admin.shop.example is right, or http://127.0.0.1:8081")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", errors.New("it holds more than scheme, host, port and path")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return "", errors.New("over http everybody on the way could read the token: https:// is right, or a tunnel to " +
			"127.0.0.1")
	}
	return strings.TrimSuffix(u.String(), "/"), nil
}

func isLoopback(host string) bool {
	at, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && at.IsLoopback()
}

// longestToken is how long a file with a token may be, in bytes.
const longestToken = 1 << 10

// readBearer reads a token from its file.
func readBearer(file string) (string, error) {
	text, err := readNamed(file, mostNamed)
	if err != nil {
		return "", err
	}
	bearer := strings.TrimSpace(string(text))
	odd := strings.ContainsFunc(bearer, func(c rune) bool { return c <= ' ' || c > '~' })
	if len(text) > longestToken || bearer == "" || odd {
		return "", fmt.Errorf("%s: it holds no token, or more than one: tw_... is right", file)
	}
	return bearer, nil
}

func readCertificates(file string) (*x509.CertPool, error) {
	text, err := readNamed(file, mostNamed)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s: it holds no certificate in PEM", file)
	}
	return pool, nil
}
