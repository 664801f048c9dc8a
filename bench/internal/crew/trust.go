package crew

import (
	"fmt"
	"os"

	"github.com/go-qtro/qtro/certs"
)

// Trust makes an authority that all members of a crew trust, and returns the directory where they find it. remove takes it away.
func Trust() (dir string, remove func(), err error) {
	a, err := certs.NewAuthority("qtro bench", certs.AuthorityOptions{})
	if err != nil {
		return "", nil, err
	}
	if dir, err = os.MkdirTemp("", "qtro-bench-"); err != nil {
		return "", nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) }
	if err := a.Save(dir); err != nil {
		remove()
		return "", nil, err
	}
	return dir, remove, nil
}

// Host returns the configuration of a host at some IP addresses, who goes by the authority in dir.
func Host(dir string, ips ...string) (certs.Config, error) {
	a, err := certs.LoadAuthority(dir)
	if err != nil {
		return certs.Config{}, err
	}
	return issue(a, certs.Template{Host: true, IPs: ips, URIs: []string{"spiffe://bench.example/host"}})
}

// Clients returns the configurations of n clients, each with a certificate and key of its own.
func Clients(dir string, n int) ([]certs.Config, error) {
	a, err := certs.LoadAuthority(dir)
	if err != nil {
		return nil, err
	}
	all := make([]certs.Config, n)
	for i := range all {
		t := certs.Template{Client: true, URIs: []string{fmt.Sprintf("spiffe://bench.example/client/%d-%d", os.Getpid(), i)}}
		if all[i], err = issue(a, t); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func issue(a *certs.Authority, t certs.Template) (certs.Config, error) {
	own, err := a.Issue(t)
	if err != nil {
		return certs.Config{}, err
	}
	return certs.Fixed(own, a.Roots()), nil
}
