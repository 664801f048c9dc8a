#include "replica.h"
#include "rep_phonebook_replica.h"

static peer::Registered phonebookTypes([] {
    peer::registerList<QList<Number>>("QList<Number>");
    peer::registerList<QList<Person>>("QList<Person>");
    peer::registerMap<QMap<QString, Person>>("QMap<QString,Person>");
    peer::registerMap<QMap<QString, QString>>("QMap<QString,QString>");
});
static peer::Acquirable<PhoneBookReplica> phonebookObjects("PhoneBook");
