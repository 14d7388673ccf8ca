package natslink

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
)

// userFile is a file of credentials of a user, which end at a time; the zero time is never.
func userFile(t *testing.T, ends time.Time) (text, seed string) {
	t.Helper()
	account, err := nkeys.CreateAccount()
	if err != nil {
		t.Fatal(err)
	}
	user, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	public, _ := user.PublicKey()
	claims := jwt.NewUserClaims(public)
	if !ends.IsZero() {
		claims.Expires = ends.Unix()
	}
	token, err := claims.Encode(account)
	if err != nil {
		t.Fatal(err)
	}
	key, _ := user.Seed()
	file, err := jwt.FormatUserConfig(token, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(file), string(key)
}

// TestFilesOfCredentials says of each file that is none which one it is, what is wrong with it, and what would be
// right, in words, and nothing of what is in it.
func TestFilesOfCredentials(t *testing.T) {
	t.Parallel()
	good, seed := userFile(t, time.Time{})
	token, _, _ := strings.Cut(strings.SplitN(good, "\n", 2)[1], "\n")
	dir := t.TempDir()
	for name, one := range map[string]struct{ text, want string }{
		"good":  {good, ""},
		"empty": {"", "it is empty"},
		"blank": {" \n\t\n", "it is empty"},
		"junk":  {"user: node, password: " + seed[2:], "it holds no key of a user"},
		"key alone": {"-----BEGIN USER NKEY SEED-----\n" + seed + "\n------END USER NKEY SEED------\n",
			"it does not say of which user it is"},
		"cut token": {strings.Replace(good, token, token[:40], 1), "it does not say of which user it is"},
		"token only": {"-----BEGIN NATS USER JWT-----\n" + token + "\n------END NATS USER JWT------\n",
			"it holds no key of a user"},
		"cut key": {strings.Replace(good, seed, seed[:20], 1), "or cut short"},
		"long":    {strings.Repeat("x", 1<<20), "it has more than 64 KiB"},
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(one.text), 0o600); err != nil {
			t.Fatal(err)
		}
		badCreds(t, file, one.want, seed, token)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"none": "there is no such file", ".": "it is a folder",
		"pipe": "it is a pipe", "/dev/zero": "it is a device"} {
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		badCreds(t, name, want, seed, token)
	}
	if err := CheckCreds(""); err != nil {
		t.Error(err)
	}
}

func badCreds(t *testing.T, file, want string, secrets ...string) {
	t.Helper()
	err := CheckCreds(file)
	if want == "" {
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
		return
	}
	if !errors.Is(err, ErrBadCreds) || Passes(err) {
		t.Fatalf("%s: %v", file, err)
	}
	says := err.Error()
	for _, part := range []string{file, want, "right is a .creds file, as `nsc generate creds` writes it"} {
		if !strings.Contains(says, part) {
			t.Errorf("%s: %s, without %q", file, says, part)
		}
	}
	for _, secret := range append(secrets, secrets[0][2:], "nkeys:", "open ") {
		if strings.Contains(says, secret) {
			t.Errorf("%s: %s", file, says)
		}
	}
}

// TestCredentialsThatEnded: servers say of them that there is no such user, and the file says why.
func TestCredentialsThatEnded(t *testing.T) {
	t.Parallel()
	ends := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	file := filepath.Join(t.TempDir(), "a.creds")
	text, _ := userFile(t, ends)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Time]string{
		ends.Add(-time.Second): "", ends: "they were good until 2026-11-30T12:00:00Z",
		ends.Add(time.Hour): "they were good until 2026-11-30T12:00:00Z",
	} {
		if got := ended(file, at); got != want {
			t.Errorf("%v: %q", at, got)
		}
	}
	for _, none := range []string{"", file + ".none"} {
		if got := ended(none, ends); got != "" {
			t.Errorf("%q: %q", none, got)
		}
	}
}

// TestReasons: why a server was not reached is said in words, and which error it was can still be told.
func TestReasons(t *testing.T) {
	t.Parallel()
	dial := func(err error) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", err)}
	}
	for _, one := range []struct {
		err  error
		want string
	}{
		{dial(syscall.ECONNREFUSED), "nobody listens there (connection refused)"},
		{dial(syscall.EHOSTUNREACH), "no way leads there (no route to host)"},
		{&net.OpError{Op: "dial", Err: &net.DNSError{Name: "n1.invalid", IsNotFound: true}},
			"nobody knows an address of the name n1.invalid"},
		{&net.OpError{Op: "dial", Err: &net.DNSError{Name: "n1", Err: "server misbehaving"}},
			"the name n1 cannot be looked up (server misbehaving)"},
		{&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, "nobody answers in time"},
		{nats.ErrTimeout, "nobody answers in time"}, {nats.ErrNoServers, "nobody answers there"},
		{io.EOF, "it broke the connection off"},
		{nats.ErrAuthorization, "no user there has them"}, {nats.ErrAuthExpired, "their time is over"},
		{nats.ErrSecureConnWanted, "it speaks no TLS: nats:// is right, or tls { } in its nats.conf"},
		{fmt.Errorf("%w: Permissions Violation for Publish to \"a\"", nats.ErrPermissionViolation),
			"their user may not do that: Permissions Violation for Publish to \"a\""},
		{x509.UnknownAuthorityError{}, "nobody who is trusted here signed it"},
		{errors.New("something else"), "something else"},
	} {
		if got := inWords(one.err); got.Error() != one.want || !errors.Is(got, one.err) {
			t.Errorf("%v: %v, want %s", one.err, got, one.want)
		}
	}
}
