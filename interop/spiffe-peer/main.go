// spiffe-peer is another implementation of SPIFFE at the other end of a connection: go-spiffe, with the SVID that the
// Workload API of SPIFFE_ENDPOINT_SOCKET gives it.
//
//	spiffe-peer dial HOST:PORT WANTED-ID     connect, and wait for the first frame of an HTTP/2 server
//	spiffe-peer anonymous HOST:PORT WANTED-ID    the same without a certificate of its own
//	spiffe-peer listen WANTED-ID             say "port N", then what became of the first connection
//
// Prints "accepted ID" with the other side's id and exits with 0, or "refused: why" and exits with 3.
package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/spiffetls"
	"github.com/spiffe/go-spiffe/v2/spiffetls/tlsconfig"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
)

const limit = 30 * time.Second

// The connection preface of a client, with an empty SETTINGS frame.
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: spiffe-peer dial|anonymous HOST:PORT WANTED-ID | listen WANTED-ID")
		os.Exit(2)
	}
	id, err := run(os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Println("refused:", err)
		os.Exit(3)
	}
	fmt.Println("accepted", id)
}

func run(verb string, words []string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	wanted, err := spiffeid.FromString(words[len(words)-1])
	if err != nil {
		return "", err
	}
	source, err := workloadapi.NewX509Source(ctx)
	if err != nil {
		return "", err
	}
	defer source.Close()
	authorizer := tlsconfig.AuthorizeID(wanted)
	switch verb {
	case "dial":
		return dial(words[0], tlsconfig.MTLSClientConfig(source, source, authorizer))
	case "anonymous":
		return dial(words[0], tlsconfig.TLSClientConfig(source, authorizer))
	default:
		return listen(tlsconfig.MTLSServerConfig(source, source, authorizer))
	}
}

// With TLS 1.3 a server that refuses the client does so after the client's handshake is done: only what it sends next shows.
func dial(address string, config *tls.Config) (string, error) {
	config.NextProtos = []string{"h2"}
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: limit}, "tcp", address, config)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := exchange(conn); err != nil {
		return "", err
	}
	return peer(conn)
}

func exchange(conn net.Conn) error {
	if err := conn.SetDeadline(time.Now().Add(limit)); err != nil {
		return err
	}
	if _, err := io.WriteString(conn, preface); err != nil {
		return err
	}
	_, err := io.ReadFull(conn, make([]byte, 9)) // a frame's header
	return err
}

func listen(config *tls.Config) (string, error) {
	config.NextProtos = []string{"h2"}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		return "", err
	}
	defer listener.Close()
	fmt.Println("port", listener.Addr().(*net.TCPAddr).Port)
	conn, err := listener.Accept()
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(limit)); err != nil {
		return "", err
	}
	if _, err := io.ReadFull(conn, make([]byte, len("PRI * HTTP/2.0"))); err != nil { // the handshake comes first
		return "", err
	}
	return peer(conn)
}

func peer(conn net.Conn) (string, error) {
	id, err := spiffetls.PeerIDFromConnectionState(conn.(*tls.Conn).ConnectionState())
	return id.String(), err
}
