// Command bareproxy is a reverse proxy and nothing else, on the same HTTP library as tagwarden: what remains of a hit's
// cost when nothing is looked at. It passes every request on, whole, and every answer back.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/valyala/fasthttp"
)

func main() {
	upstream := flag.String("upstream", "", "where requests are passed on to, host:port")
	flag.Parse()
	if err := run(*upstream); err != nil {
		fmt.Fprintf(os.Stderr, "bareproxy: %v\n", err)
		os.Exit(1)
	}
}

func run(upstream string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	client := fasthttp.HostClient{Addr: upstream, MaxConns: 1024}
	server := fasthttp.Server{
		NoDefaultServerHeader: true,
		ReadBufferSize:        16 << 10,
		Handler: func(ctx *fasthttp.RequestCtx) {
			ctx.Request.Header.Del(fasthttp.HeaderConnection)
			if err := client.Do(&ctx.Request, &ctx.Response); err != nil {
				ctx.Error("bad gateway", fasthttp.StatusBadGateway)
			}
			ctx.Response.Header.Del(fasthttp.HeaderConnection)
		},
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-stop
		_ = server.Shutdown()
	}()
	fmt.Printf("ready hits=%s\n", l.Addr())
	return server.Serve(l)
}
