package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// traceURL returns where a proxy listens.
func traceURL(t *testing.T, p *process) string {
	line := p.out.wait(t, "listening at ")
	return strings.Fields(line)[2]
}

func TestTrace(t *testing.T) {
	bothProtocols(t, func(t *testing.T, s *station, url string) {
		p := start(t, "trace", "--listen", "tcp://127.0.0.1:0", "--to", url)
		through := traceURL(t, p)
		requireOutput(t, "42\n", "--connect", through, "call", "Station", "add", "40", "2")
		requireOutput(t, "", "--connect", through, "set", "Station", "mode", "Busy")
		p.out.wait(t, "1 S>C Handshake      QtRO ")
		p.out.wait(t, "1 S>C ObjectList     1 object")
		p.out.wait(t, "1 C>S AddObject      Station (dynamic)")
		p.out.wait(t, "1 S>C InitDynamic    Station: class Station, 14 properties")
		p.out.wait(t, "1 C>S Invoke         Station.add(40, 2)  #1")
		p.out.wait(t, "1 S>C InvokeReply    Station.add -> 42  #1")
		p.out.wait(t, "1 close")
		p.out.wait(t, `2 C>S Invoke         Station.mode := "Busy"`)
		p.out.wait(t, `2 S>C PropertyChange Station.mode = "Busy"`)
		require.Zero(t, p.stop())
		require.Empty(t, p.err.String())
	})
	s := newStation(t, "")
	p := start(t, "--json", "trace", "--listen", "tcp://127.0.0.1:0", "--to", s.url)
	first := p.out.wait(t, `{"event":"listening","url":"`)
	through := strings.Split(first, `"`)[7]
	requireOutput(t, "5\n", "--connect", through, "get", "Station", "level")
	line := p.out.wait(t, `"kind":"AddObject"`)
	require.Contains(t, line, `{"connection":1,"time":"`)
	require.Contains(t, line, `"dir":"C>S","kind":"AddObject","object":"Station","dynamic":true}`)
	p.out.wait(t, `"event":"close"`)
}

func TestTraceUnreachable(t *testing.T) {
	p := start(t, "trace", "--listen", "tcp://127.0.0.1:0", "--to", deadURL(t))
	code, _, _ := qtro(t, "--timeout", "300ms", "--connect", traceURL(t, p), "ls")
	require.Equal(t, failed, code)
	p.out.wait(t, "1 error ")
	require.Zero(t, p.stop())
}

// What is no Qt Remote Objects passes all the same.
func TestTraceStranger(t *testing.T) {
	for name, hostSpeaks := range map[string]bool{"the client speaks": false, "the host speaks": true} {
		t.Run(name, func(t *testing.T) {
			ln, err := new(globals).listen(context.Background(), "tcp://127.0.0.1:0")
			require.NoError(t, err)
			var group sync.WaitGroup
			defer group.Wait()
			defer ln.Close()
			group.Go(func() {
				conn, err := ln.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				if hostSpeaks {
					fmt.Fprintln(conn, "220 ready to serve, and this is no protocol of yours")
				}
				_, _ = io.Copy(conn, conn)
			})
			p := start(t, "trace", "--listen", "tcp://127.0.0.1:0", "--to", ln.URL().String())
			conn, err := net.Dial("tcp", strings.TrimPrefix(traceURL(t, p), "tcp://"))
			require.NoError(t, err)
			defer conn.Close()
			r := bufio.NewReader(conn)
			if hostSpeaks {
				line, err := r.ReadString('\n')
				require.NoError(t, err)
				require.True(t, strings.HasPrefix(line, "220 ready"))
			}
			for range 3 {
				_, err := fmt.Fprintln(conn, "GET / HTTP/1.1")
				require.NoError(t, err)
				line, err := r.ReadString('\n')
				require.NoError(t, err)
				require.Equal(t, "GET / HTTP/1.1\n", line)
			}
			p.out.wait(t, "1 undecoded ")
			conn.Close()
			p.out.wait(t, "1 close")
			require.Zero(t, p.stop())
		})
	}
}
