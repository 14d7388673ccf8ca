// Command stdproxy is a reverse proxy as Go's standard library has it (net/http/httputil), and nothing else: what most
// proxies written in Go stand on. It passes every request on, whole, and every answer back.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	upstream := flag.String("upstream", "", "where requests are passed on to, host:port")
	flag.Parse()
	if err := run(*upstream); err != nil {
		fmt.Fprintf(os.Stderr, "stdproxy: %v\n", err)
		os.Exit(1)
	}
}

func run(upstream string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	to := &url.URL{Scheme: "http", Host: upstream}
	server := http.Server{
		ReadHeaderTimeout: 30 * time.Second,
		Handler: &httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) {
				r.SetURL(to)
				r.Out.Host = r.In.Host
			},
			Transport: &http.Transport{MaxIdleConns: 1024, MaxIdleConnsPerHost: 1024, DisableCompression: true},
		},
	}
	stop, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	context.AfterFunc(stop, func() { _ = server.Close() })
	fmt.Printf("ready hits=%s\n", l.Addr())
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
