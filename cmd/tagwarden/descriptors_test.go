package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestFewDescriptors: a process that may open 120 files is sent more connections than that, on both listeners. It says
// at the start that this is too little, goes on, and answers whoever asks how it is.
func TestFewDescriptors(t *testing.T) {
	file := writeKilled(t, "127.0.0.1:1")
	text, err := os.ReadFile(file)
	if err == nil { // whoever comes from this machine is nobody's proxy
		err = os.WriteFile(file, bytes.Replace(text, []byte("127.0.0.0/8"), []byte("192.0.2.0/24"), 1), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	command := exec.CommandContext(t.Context(), "sh", "-c", `ulimit -n 120 && exec tagwarden serve --config "$0"`, file)
	command.Stderr = &said
	out, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	var hits, admin, policy string
	if _, err := fmt.Fscanf(out, "ready hits=%s admin=%s policy=%s\n", &hits, &admin, &policy); err != nil {
		t.Errorf("it is not ready: %v", err)
	}
	from := func(n int, to string) (net.Conn, error) {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, byte(n>>6), byte(1+n&63))},
			Timeout: 20 * time.Second}
		return dialer.DialContext(t.Context(), "tcp", to)
	}
	for n := range 300 {
		c, err := from(n, []string{hits, admin}[n%2])
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
	}
	for to, path := range map[string]string{hits: "/.tagwarden/health", admin: "/readyz"} {
		c, err := from(1000, to)
		if err == nil {
			_, err = io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n")
		}
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(c); err != nil || !bytes.HasPrefix(text, []byte("HTTP/1.1 200 ")) {
			t.Errorf("%s: %q, %v", path, text, err)
		}
		_ = c.Close()
	}
	if err := command.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = command.Wait()
	if !strings.Contains(said.String(), `"limit":120,"wanted":`) {
		t.Errorf("it says %s", said.String())
	}
}
