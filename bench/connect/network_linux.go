package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/go-qtro/qtro/bench/internal/crew"
)

// network is what is between host and client: the loopback interface, or two network namespaces whose packets this process
// carries from one to the other. A namespace and its device are there as long as a process or open file uses them.
type network struct {
	hostIP  string
	places  map[string]*place // by role; none for the loopback interface
	running sync.WaitGroup
}

// place is a network namespace that one thread of this process is in.
type place struct {
	tun *os.File
	do  chan func()
}

const (
	hostIP   = "10.99.0.1"
	clientIP = "10.99.0.2"
)

func newNetwork(rtt time.Duration) (*network, error) {
	if rtt == 0 {
		return &network{hostIP: "127.0.0.1"}, nil
	}
	n := &network{hostIP: hostIP, places: map[string]*place{}}
	for role, ip := range map[string]string{"host": hostIP, "client": clientIP} {
		p, err := newPlace(ip)
		if err != nil {
			n.close()
			return nil, fmt.Errorf("%w: %w", errDelay, err)
		}
		n.places[role] = p
	}
	host, client := n.places["host"].tun, n.places["client"].tun
	n.carry(host, client, rtt/2)
	n.carry(client, host, rtt/2)
	return n, nil
}

// close ends the network, once its processes have ended.
func (n *network) close() {
	for _, p := range n.places {
		_ = p.tun.Close()
		close(p.do)
	}
	n.running.Wait()
}

// start starts a process in its namespace.
func (n *network) start(role string) (m *crew.Member, err error) {
	p := n.places[role]
	if p == nil {
		return crew.Start(role)
	}
	done := make(chan struct{})
	p.do <- func() {
		m, err = crew.Start(role)
		close(done)
	}
	<-done
	return m, err
}

// newPlace makes a namespace with a device that has an IP address.
func newPlace(ip string) (*place, error) {
	p := &place{do: make(chan func())}
	ready := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with the goroutine, as nobody else may use it
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			p.tun, err = newTUN(ip)
		}
		ready <- err
		if err != nil {
			return
		}
		for f := range p.do {
			f()
		}
	}()
	return p, <-ready
}

// newTUN makes a device in the namespace of the calling thread. What is sent to its network can be read from the file.
func newTUN(ip string) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open /dev/net/tun: %w", err)
	}
	if err := configure(fd, ip); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("configure a TUN device: %w", err)
	}
	return os.NewFile(uintptr(fd), "tun"), nil // not earlier: what is no device yet cannot be waited for
}

func configure(tun int, ip string) error {
	req, err := unix.NewIfreq("qtrobench")
	if err != nil {
		return err
	}
	req.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(tun, unix.TUNSETIFF, req); err != nil {
		return err
	}
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	var a [4]byte
	if _, err := fmt.Sscanf(ip, "%d.%d.%d.%d", &a[0], &a[1], &a[2], &a[3]); err != nil {
		return err
	}
	for _, set := range []struct {
		what  uint
		value []byte
	}{{unix.SIOCSIFADDR, a[:]}, {unix.SIOCSIFNETMASK, []byte{255, 255, 255, 0}}} {
		if err := req.SetInet4Addr(set.value); err != nil {
			return err
		}
		if err := unix.IoctlIfreq(s, set.what, req); err != nil {
			return err
		}
	}
	req.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, req)
}

// packet is on its way.
type packet struct {
	bytes []byte
	due   time.Time
}

// carry carries packets from one device to the other until the first is closed.
func (n *network) carry(from, to *os.File, delay time.Duration) {
	way := make(chan packet, 4096) // more than that is lost, as on any wire
	n.running.Go(func() {
		defer close(way)
		buf := make([]byte, 64<<10)
		for {
			k, err := from.Read(buf)
			if err != nil {
				return
			}
			select {
			case way <- packet{append([]byte(nil), buf[:k]...), time.Now().Add(delay)}:
			default:
			}
		}
	})
	n.running.Go(func() {
		for p := range way {
			// time.Sleep is only good to about a millisecond.
			if wait := time.Until(p.due); wait > 0 {
				t := unix.NsecToTimespec(int64(wait))
				_ = unix.Nanosleep(&t, nil)
			}
			_, _ = to.Write(p.bytes) // an interface that is down loses packets
		}
	})
}
