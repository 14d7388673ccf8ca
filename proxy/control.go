package proxy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// controlSocket is where in a data folder a running server can be talked to, by whoever may enter that folder.
const controlSocket = "control"

// ErrUnreachable says that a server has a data folder and cannot be talked to.
var ErrUnreachable = errors.New("the server that has the data folder cannot be reached")

// longestCommand is how long a command to a running server may be, in bytes.
const longestCommand = 64 << 10

// control takes commands from whoever may enter the data folder.
type control struct {
	listener net.Listener
	server   *http.Server
}

// serve takes commands from a listener until the context ends, and returns when none is under way any more.
func (c *control) serve(ctx context.Context, from net.Listener) {
	var serving sync.WaitGroup
	serving.Go(func() { _ = c.server.Serve(from) })
	<-ctx.Done()
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if c.server.Shutdown(within) != nil {
		_ = c.server.Close()
	}
	serving.Wait()
}

// listenControl listens for commands in the data folder. The lock on the folder says that what lies there is of a
// process that is gone.
func listenControl(data string) (net.Listener, error) {
	path := filepath.Join(data, controlSocket)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	l, err := net.Listen("unix", path) // the folder can be entered by its owner alone
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// controller carries commands out.
func controller(rotate func(Rotation) (string, error), operator http.Handler) *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /keys/rotate", command(rotate))
	mux.Handle("/api/v1/", operator)
	return &http.Server{Handler: mux, ReadTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10,
		ErrorLog: log.New(io.Discard, "", 0)}
}

// commandAnswer is what a command comes to.
type commandAnswer struct {
	Text  string `json:"text,omitempty"`
	Error string `json:"error,omitempty"`
}

// command carries a command out that is written as JSON.
func command[T any](do func(T) (string, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var what T
		in := json.NewDecoder(http.MaxBytesReader(w, r.Body, longestCommand))
		in.DisallowUnknownFields()
		var answer commandAnswer
		if err := in.Decode(&what); err != nil {
			answer.Error = "this is no command that the server knows; it may be of another version"
		} else if text, err := do(what); err != nil {
			answer.Error = err.Error()
		} else {
			answer.Text = text
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer) // who asked may be gone
	}
}

// RotateRunning asks the server that has a data folder to do what [Server.Rotate] does.
func RotateRunning(ctx context.Context, data string, what Rotation) (string, error) {
	return tell(ctx, data, "/keys/rotate", what)
}

// ControlTransport carries requests to the server that has a data folder, whatever host they name.
func ControlTransport(data string) http.RoundTripper {
	return &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(data, controlSocket))
		},
		DisableKeepAlives: true,
	}
}

// tell gives a running server a command and returns what it answers.
func tell(ctx context.Context, data, path string, what any) (string, error) {
	body, err := json.Marshal(what)
	if err != nil {
		return "", fmt.Errorf("cannot write the command: %w", err)
	}
	client := &http.Client{Timeout: 30 * time.Second, Transport: ControlTransport(data)}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://tagwarden"+path, bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("cannot write the command: %w", err)
	}
	response, err := client.Do(request)
	if err != nil {
		return "", fmt.Errorf("%w: stop it first: %w", ErrUnreachable, err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer commandAnswer
	if err := json.NewDecoder(io.LimitReader(response.Body, longestCommand)).Decode(&answer); err != nil ||
		response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%w: it answers with status %d", ErrUnreachable, response.StatusCode)
	}
	if answer.Error != "" {
		return "", errors.New(answer.Error)
	}
	return answer.Text, nil
}
