#include "source.h"
#include "rep_phonebook_source.h"

static peer::Registered phonebookTypes([] {
    peer::registerList<QList<Number>>("QList<Number>");
    peer::registerList<QList<Person>>("QList<Person>");
    peer::registerMap<QMap<QString, Person>>("QMap<QString,Person>");
    peer::registerMap<QMap<QString, QString>>("QMap<QString,QString>");
});

class PhoneBookImpl : public PhoneBookSimpleSource, public peer::Setters
{
public:
    explicit PhoneBookImpl(QObject *parent) : PhoneBookSimpleSource(parent) { setter("size", this, &PhoneBookImpl::setSize); }
    int add(const Person &person) override
    {
        auto all = people();
        if (all.contains(person.name()))
            emit renamed(all.value(person.name()), person);
        else
            emit added(person);
        all.insert(person.name(), person);
        setPeople(all);
        setSize(int(all.size()));
        return size();
    }
    Person find(const QString &name) override { return people().value(name); }
    Number numberOf(Person person) override { return person.others().isEmpty() ? person.main() : person.others().first(); }
    QList<Person> matching(const QString &part, int most) override
    {
        QList<Person> found;
        for (const Person &p : people())
            if (p.name().contains(part) && found.size() < most)
                found << p;
        return found;
    }
    QMap<QString, Person> byDigits(const QList<Number> &numbers) override
    {
        QMap<QString, Person> found;
        for (const Person &p : people())
            for (const Number &n : numbers)
                if (n == p.main())
                    found.insert(n.digits(), p);
        return found;
    }
    bool remove(int id) override
    {
        auto all = people();
        for (const Person &p : people())
            if (p.id() == id)
                all.remove(p.name());
        const bool gone = all.size() < people().size();
        setPeople(all);
        setSize(int(all.size()));
        emit listed(all);
        return gone;
    }
    void dial(const Number &number) override
    {
        setRecent(recent() << number);
        emit dialled(number, QDateTime(QDate(2024, 2, 29), QTime(12, 0), Qt::UTC));
    }
};

static peer::Host phonebookObjects([](QList<peer::Hosted> &all, QObject *parent) { all << peer::hosted<PhoneBookSourceAPI>("PhoneBook", new PhoneBookImpl(parent)); });
