/** Users as the application sees them: immutable instances, replaced and never written to. */

import type { UserView } from "../wire/protocol.js";
import type { Role } from "./enums.js";

/**
 * A user. Applications freeze what they are handed (immer does), so no instance is ever changed
 * after it was made.
 */
export class User {
  /** The user's id. */
  readonly userId: string;
  /** The name to show; may be empty. */
  readonly nickname: string;
  /** The picture's address; may be empty. */
  readonly profileUrl: string;
  /** Whether the user is active. */
  readonly isActive: boolean;
  /** The application's own data about the user. */
  readonly metaData: { [key: string]: string };

  constructor(view: UserView) {
    this.userId = view.userId;
    this.nickname = view.nickname;
    this.profileUrl = view.profileUrl;
    this.isActive = view.isActive;
    this.metaData = { ...view.metadata };
  }
}

/** A user on one side of a direct call. */
export class DirectCallUser extends User {
  /** The side. */
  readonly role: Role;

  constructor(view: UserView, role: Role) {
    super(view);
    this.role = role;
  }
}

/** What is known about a user of whom there is only the id. */
export function unknownUser(userId: string): UserView {
  return { userId, nickname: "", profileUrl: "", isActive: true, metadata: {} };
}

/** What the server said about a user, from the instance made of it. */
export function viewOf(user: User): UserView {
  const { userId, nickname, profileUrl, isActive, metaData } = user;
  return { userId, nickname, profileUrl, isActive, metadata: metaData };
}
